using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Testing.Scripting;

/// <summary>
/// A scripted Fed-BioMed 4.5 Python node, as unforgiving as a real one: MQTT 3.1.1 at QoS 0, one queue of tasks, the node's own validation, texts and
/// quirks. A message that kills a real node's network thread makes this one deaf for good, and it never reconnects; see <see cref="RestartAsync"/>.
/// </summary>
public sealed partial class FedBioMedNodeEmulator : IAsyncDisposable
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    private readonly FedBioMedNodeEmulatorOptions _options;
    private readonly ILogger _logger;
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly Channel<OrderedDictionary<string, object?>> _queue = Channel.CreateUnbounded<OrderedDictionary<string, object?>>();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Downloads _downloads = new();
    private readonly Repository _repository;
    private readonly ReplyWriter _replies;
    private readonly DatasetDesk _datasets;
    private readonly PlanDesk _plans;
    private readonly SecaggDesk _secagg;
    private readonly TrainDesk _trainings;
    private volatile NodeLife? _life;
    private int _disposed;

    private FedBioMedNodeEmulator(FedBioMedNodeEmulatorOptions options, ILoggerFactory loggers, TimeProvider timeProvider)
    {
        _options = options;
        _logger = loggers.CreateLogger<FedBioMedNodeEmulator>();
        _repository = new Repository(options.Repository, loggers.CreateLogger<Repository>(), timeProvider);
        _replies = new ReplyWriter(options.NodeId, timeProvider, SendAsync);
        _datasets = new DatasetDesk([.. options.Datasets], _replies);
        _plans = new PlanDesk(options.RequiresApproval, _downloads, _replies);
        _secagg = new SecaggDesk(options.HasCertificates, _replies);
        _trainings = new TrainDesk(options, _datasets, _plans, _secagg, _downloads, _repository, _replies, timeProvider);
    }

    /// <summary>The node's id.</summary>
    public string NodeId => _options.NodeId;

    /// <summary>Whether it hears nothing any more: killed by a message, cut off from its broker, terminated or killed.</summary>
    public bool IsDeaf => Deaf.IsCompleted;

    /// <summary>Completes when it became deaf; a restart begins a new one.</summary>
    public Task Deaf => _life?.Link.Deaf ?? Task.CompletedTask;

    /// <summary>The payload of every message that arrived, in order, over all restarts.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>Starts a node.</summary>
    /// <param name="options">What it is; not to be changed afterwards.</param>
    /// <param name="loggers">Where it logs. Default: nowhere.</param>
    /// <param name="timeProvider">The clock of its timings. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the start; nothing is left behind.</param>
    /// <returns>The node, connected and subscribed.</returns>
    /// <exception cref="FedJobException">An option is not allowed.</exception>
    public static async Task<FedBioMedNodeEmulator> StartAsync(
        FedBioMedNodeEmulatorOptions options, ILoggerFactory? loggers = null, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var node = new FedBioMedNodeEmulator(options, loggers ?? NullLoggerFactory.Instance, timeProvider ?? TimeProvider.System);
        try
        {
            await node.RestartAsync(cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The owner's decision about a plan.</summary>
    /// <param name="plan">The plan's file.</param>
    /// <param name="status">The decision.</param>
    public void SetPlanStatus(byte[] plan, TrainingPlanStatus status)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _plans.Set(PlanDesk.Hash(plan), status);
    }

    /// <summary>The owner's decision about a plan.</summary>
    /// <param name="sha256">SHA-256 of the plan's file, in hexadecimal.</param>
    /// <param name="status">The decision.</param>
    public void SetPlanStatus(string sha256, TrainingPlanStatus status)
    {
        ArgumentException.ThrowIfNullOrEmpty(sha256);
        _plans.Set(sha256, status);
    }

    /// <summary>SIGTERM: says FB312 to nobody in particular and is gone. The task in progress is lost, queued ones survive.</summary>
    /// <param name="cancellationToken">Ends the wait for a start or end that is under way.</param>
    /// <returns>A task that ends when it is gone.</returns>
    public Task TerminateAsync(CancellationToken cancellationToken = default) => EndAsync(withGoodbye: true, cancellationToken);

    /// <summary>Kill -9: the socket is cut. The task in progress is lost, queued ones survive.</summary>
    /// <param name="cancellationToken">Ends the wait for a start or end that is under way.</param>
    /// <returns>A task that ends when it is gone.</returns>
    public Task KillAsync(CancellationToken cancellationToken = default) => EndAsync(withGoodbye: false, cancellationToken);

    /// <summary>The owner restarts it: what is left of its old life ends, it connects anew and takes up its queue.</summary>
    /// <param name="cancellationToken">Ends the attempt; the node is then down.</param>
    /// <returns>A task that ends when it is connected and subscribed.</returns>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await EndAsync(withGoodbye: false, cancellationToken).ConfigureAwait(false);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            var inbox = Channel.CreateUnbounded<byte[]>();
            EmulatorLink link = await EmulatorLink.ConnectAsync(
                NodeId, _options.Broker, _logger, payload => inbox.Writer.TryWrite(payload), cancellationToken).ConfigureAwait(false);
            var life = new NodeLife(link);
            _life = life;
            life.Tasks = Task.WhenAll(ListenAsync(life, inbox.Reader), WorkAsync(life));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the node at once, as <see cref="KillAsync"/>, and what it holds. May be called more than once.</summary>
    /// <returns>A task that ends when nothing of it runs any more.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await EndAsync(withGoodbye: false, CancellationToken.None).ConfigureAwait(false);
            _repository.Dispose();
            _downloads.Dispose();
        }
    }

    private async Task EndAsync(bool withGoodbye, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_life is not { Ended: false } life)
            {
                return;
            }

            if (withGoodbye)
            {
                await _replies.ErrorAsync("<unknown>", "FB312: Node stopped in SIGTERM signal handler", "").ConfigureAwait(false);
                await life.Link.DisconnectAsync().ConfigureAwait(false);
            }

            await life.EndAsync(StopTime).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task SendAsync(string topic, string json) => _life?.Link.SendAsync(topic, json) ?? Task.CompletedTask;

    private async Task ListenAsync(NodeLife life, ChannelReader<byte[]> inbox)
    {
        try
        {
            await foreach (byte[] payload in inbox.ReadAllAsync(life.Token).ConfigureAwait(false))
            {
                if (life.Link.Deaf.IsCompleted)
                {
                    return;
                }

                _requests.Enqueue(Encoding.UTF8.GetString(payload));
                await TakeAsync(life, payload).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (life.Token.IsCancellationRequested)
        {
            // This life has ended.
        }
    }

    private async Task TakeAsync(NodeLife life, byte[] payload)
    {
        Judgement judgement = RequestValidator.Judge(payload);
        if (judgement.Kills)
        {
            life.Link.GoDeaf();
            LogDeaf(NodeId, payload.Length);
            return;
        }

        foreach ((string level, string message) in judgement.Logs)
        {
            await _replies.LogAsync(level, message).ConfigureAwait(false);
        }

        if (judgement.Error is not null && judgement.ResearcherId is not null)
        {
            await _replies.ErrorAsync(judgement.ResearcherId, "FB301: Protocol error", judgement.Error).ConfigureAwait(false);
        }

        if (judgement.Fields is { } request)
        {
            await DispatchAsync(request, life.Token).ConfigureAwait(false);
        }
    }

    private async Task DispatchAsync(OrderedDictionary<string, object?> request, CancellationToken cancellationToken)
    {
        Task answered = (string)request["command"]! switch
        {
            "ping" => _replies.ReplyAsync(
                (string)request["researcher_id"]!, "pong", ("node_id", NodeId), ("success", true), ("sequence", request["sequence"])),
            "search" => _datasets.SearchAsync(request),
            "list" => _datasets.ListAsync(request),
            "approval" => _plans.ApprovalAsync(request, cancellationToken),
            "training-plan-status" => _plans.StatusAsync(request, cancellationToken),
            "secagg-delete" => _secagg.DeleteAsync(request),
            _ => _queue.Writer.WriteAsync(request, cancellationToken).AsTask(),
        };
        await answered.ConfigureAwait(false);
    }

    // Goes on when the node is deaf, as a real one: what it says then is lost.
    private async Task WorkAsync(NodeLife life)
    {
        try
        {
            while (true)
            {
                OrderedDictionary<string, object?> request = await _queue.Reader.ReadAsync(life.Token).ConfigureAwait(false);
                Task task = (string)request["command"]! == "secagg" ? _secagg.CreateAsync(request) : _trainings.RunAsync(request, life.Token);
                await task.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (life.Token.IsCancellationRequested)
        {
            // This life has ended; the task in progress is lost.
        }
    }

    [LoggerMessage(1551, LogLevel.Warning, "Emulated node {NodeId}: a message of {Length} bytes made it deaf for good")]
    private partial void LogDeaf(string nodeId, int length);
}
