using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Checkpoints;
using FedJob.Messaging;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob;

/// <summary>A researcher's front door: connects once, owns the connection, and makes jobs.</summary>
/// <example><code>
/// await using FedJobClient client = await FedJobClient.ConnectAsync(options);
/// FederatedDataset data = await client.Requests.SearchAsync(["penguins"]);
/// await using Job job = await client.CreateJobAsync(new JobOptions { TrainingPlan = plan, Data = data, TrainingArgs = args });
/// </code></example>
public sealed class FedJobClient : IAsyncDisposable
{
    private readonly MqttLink _link;
    private readonly Requests _requests;
    private readonly Repository _repository;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _timeProvider;
    private int _disposed;

    private FedJobClient(MqttLink link, Requests requests, Repository repository, ILoggerFactory loggers, TimeProvider timeProvider) =>
        (_link, _requests, _repository, _loggers, _timeProvider) = (link, requests, repository, loggers, timeProvider);

    /// <summary>What nodes are asked with.</summary>
    public IRequests Requests => _requests;

    /// <summary>Where files travel through.</summary>
    public IRepository Repository => _repository;

    /// <summary>The state of the connection to the broker.</summary>
    public ConnectionState ConnectionState => _link.State;

    /// <summary>Connects to the broker. The repository is first contacted when a job is made.</summary>
    /// <param name="options">Where broker and repository are; read once, here.</param>
    /// <param name="loggers">Where to log. Default: nowhere.</param>
    /// <param name="timeProvider">The clock. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the attempt; nothing is left behind.</param>
    /// <returns>The connected client.</returns>
    /// <exception cref="FedJobException">An option is not allowed (<see cref="FedJobErrorCode.OptionsInvalid"/>).</exception>
    /// <exception cref="MessagingException">The broker could not be reached within the connect timeout, or refused.</exception>
    public static async Task<FedJobClient> ConnectAsync(
        FedJobClientOptions options, ILoggerFactory? loggers = null, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } failures)
        {
            throw new FedJobException(FedJobErrorCode.OptionsInvalid, string.Join(" ", failures));
        }

        ILoggerFactory factory = loggers ?? NullLoggerFactory.Instance;
        TimeProvider clock = timeProvider ?? TimeProvider.System;
        string researcherId = options.ResearcherId ?? $"researcher_{Guid.NewGuid():D}";
        var settings = new MqttLinkSettings
        {
            // The researcher id may be fixed by the user and used twice at a time; a client id may not.
            ClientId = $"fedjob-{Guid.NewGuid():N}",
            Subscriptions = Messaging.Requests.Subscriptions,
        };
        MqttLink link = await MqttLink.ConnectAsync(options.Broker, settings, factory.CreateLogger<MqttLink>(), clock, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            var repository = new Repository(options.Repository, factory.CreateLogger<Repository>(), clock);
            var requests = new Requests(
                link, researcherId, options.SearchWindow, options.ApprovalWindow, factory.CreateLogger<Requests>(), clock);
            return new FedJobClient(link, requests, repository, factory, clock);
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes a job: prepares the plan, uploads it, makes and uploads the initial parameters. Dispose the job before the client.</summary>
    /// <param name="options">What the job is made of.</param>
    /// <param name="cancellationToken">Ends the call; nothing is left behind.</param>
    /// <returns>The job, before its first round.</returns>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    /// <exception cref="TrainingPlanException">The plan cannot be found, loaded or run.</exception>
    /// <exception cref="RepositoryException">The repository could not be reached or refused.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task<Job> CreateJobAsync(JobOptions options, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return Job.CreateAsync(_requests, _repository, options, _loggers, _timeProvider, cancellationToken);
    }

    /// <summary>
    /// Takes up a job from a checkpoint (<see cref="Job.SaveCheckpointAsync"/>): it goes on before the round it stood before, with the same id, state ids,
    /// history, metrics and parameters. The directory is only read. Dispose the job before the client.
    /// </summary>
    /// <param name="directory">The checkpoint.</param>
    /// <param name="options">What no file may decide: rule, sampler, plan instance. Default: <see cref="FedAvg"/> on all nodes.</param>
    /// <param name="cancellationToken">Ends the call; nothing is left behind.</param>
    /// <returns>The job, before its next round.</returns>
    /// <exception cref="CheckpointException">The checkpoint is damaged, incomplete, of another version, or none.</exception>
    /// <exception cref="ArgumentException">An option is not allowed, or rule or sampler are not those whose state the checkpoint holds.</exception>
    /// <exception cref="TrainingPlanException">The plan given is not the checkpoint's, or cannot be found, loaded or run.</exception>
    /// <exception cref="FedJobException">A file could not be read, or rule or sampler could not take up their state.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Task<Job> ResumeJobAsync(string directory, ResumeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return Job.ResumeAsync(_requests, _repository, directory, options, _loggers, _timeProvider, cancellationToken);
    }

    /// <summary>Closes the connections; whatever waits for a reply learns it. May be called more than once.</summary>
    /// <returns>A task that ends when nothing is running any more.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _link.DisposeAsync().ConfigureAwait(false);
        await _requests.DisposeAsync().ConfigureAwait(false);
        _repository.Dispose();
    }
}
