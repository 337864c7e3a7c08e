using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using Microsoft.Extensions.Logging;

namespace FedJob.Testing.Scripting;

/// <summary>A connection to the broker and the scripted nodes behind it: one, or many that share it.</summary>
internal sealed class ScriptedSeat : IAsyncDisposable
{
    private const int QueueCapacity = 1000;
    private const int PublishParallelism = 16;

    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly ScriptedDesk[] _desks;
    private readonly FleetContext _fleet;
    private readonly SemaphoreSlim _turn = new(1);
    private CancellationTokenSource? _end;
    private MqttLink? _link;
    private Task _reading = Task.CompletedTask;
    private bool _disposed;

    public ScriptedSeat(IReadOnlyList<ScriptedNode> nodes, FleetContext fleet) =>
        (_desks, _fleet) = ([.. nodes.Select(node => new ScriptedDesk(node, fleet))], fleet);

    private bool IsShared => _desks.Length > 1;

    /// <summary>Connects; the nodes are there when this returns. Does nothing when they are.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_disposed || _end is not null)
            {
                return;
            }

            MqttLink link = await MqttLink.ConnectAsync(
                _fleet.Options.Broker, Settings(), _fleet.Loggers.CreateLogger<MqttLink>(), _fleet.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
            (_link, _end) = (link, CancellationTokenSource.CreateLinkedTokenSource(_fleet.Stopping));
            var life = new ScriptedLife(link, Crash, _end.Token);
            if (IsShared)
            {
                link.StateChanged += (_, change) => AnnounceAgain(life, change);
                await AnnounceAsync(life, "online").ConfigureAwait(false);
            }

            _reading = Task.WhenAll(
            [
                ReadAsync(life, Topics.AllNodes, _desks),
                .. _desks.Select(desk => ReadAsync(life, Topics.Node(desk.Node.NodeId), [desk])),
            ]);
            Array.ForEach(_desks, desk => desk.Node.Tally.Add(c => c with { Connections = c.Connections + 1 }));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Cuts the connection as the death of the process would. Does nothing when there is none.</summary>
    public async Task CrashAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_end is not null)
            {
                await EndAsync(link => link.AbortAsync()).ConfigureAwait(false);
                Array.ForEach(_desks, desk => desk.Node.Tally.Add(c => c with { Crashes = c.Crashes + 1 }));
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            _disposed = true;
            if (_end is { } end)
            {
                if (IsShared && _link!.State == ConnectionState.Open)
                {
                    await AnnounceAsync(new ScriptedLife(_link, Crash, end.Token), "offline").ConfigureAwait(false);
                }

                await EndAsync(link => link.DisposeAsync()).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Crash(TimeSpan? backAfter) => _fleet.Run(_desks[0].Node.NodeId, async () =>
    {
        await CrashAsync(_fleet.Stopping).ConfigureAwait(false);
        if (backAfter is { } time)
        {
            await Task.Delay(time, _fleet.TimeProvider, _fleet.Stopping).ConfigureAwait(false);
            await ComeBackAsync().ConfigureAwait(false);
        }
    });

    private async Task ComeBackAsync()
    {
        while (true)
        {
            try
            {
                await ConnectAsync(_fleet.Stopping).ConfigureAwait(false);
                return;
            }
            catch (MessagingException)
            {
                // The broker is away too: its owner starts the node again, until the fleet ends.
                await Task.Delay(RestartPause, _fleet.TimeProvider, _fleet.Stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task EndAsync(Func<MqttLink, ValueTask> close)
    {
        await _end!.CancelAsync().ConfigureAwait(false);
        await close(_link!).ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        (_end, _link) = (null, null);
    }

    private MqttLinkSettings Settings()
    {
        string first = _desks[0].Node.NodeId;
        return new MqttLinkSettings
        {
            ClientId = IsShared ? $"fedjob-scripted-{_desks.Length}-{first}" : $"fedjob-{first}",
            Subscriptions =
            [
                new MqttSubscription(Topics.AllNodes, QueueCapacity),
                .. _desks.Select(desk => new MqttSubscription(Topics.Node(desk.Node.NodeId), QueueCapacity)),
            ],
            Birth = IsShared ? null : Say(first, "online"),
            Will = IsShared ? null : Say(first, "offline"),
            Farewell = IsShared ? null : Say(first, "offline"),
        };
    }

    private static OutboundMessage Say(string nodeId, string word) => new()
    {
        Topic = Topics.Presence(nodeId),
        Payload = System.Text.Encoding.ASCII.GetBytes(word),
        Retain = true,
    };

    private void AnnounceAgain(ScriptedLife life, ConnectionStateChangedEventArgs change)
    {
        if (change.Current == ConnectionState.Open && !life.Token.IsCancellationRequested)
        {
            _fleet.Run(_desks[0].Node.NodeId, () => AnnounceAsync(life, "online"));
        }
    }

    private Task AnnounceAsync(ScriptedLife life, string word) => ForEachAsync(
        _desks, async desk => await life.Link.PublishAsync(Say(desk.Node.NodeId, word), life.Token).ConfigureAwait(false), life.Token);

    private static Task ForEachAsync(ScriptedDesk[] desks, Func<ScriptedDesk, Task> each, CancellationToken token) => Parallel.ForEachAsync(
        desks,
        new ParallelOptions { MaxDegreeOfParallelism = PublishParallelism, CancellationToken = token },
        async (desk, _) => await each(desk).ConfigureAwait(false));

    private static async Task ReadAsync(ScriptedLife life, string topic, ScriptedDesk[] desks)
    {
        await foreach (InboundMessage message in life.Link.GetMessages(topic).ReadAllAsync(life.Token).ConfigureAwait(false))
        {
            // What a node of FedJob's would refuse with an error, a scripted one does not hear.
            if (MessageReader.TryReadFromResearcher(message.Payload, out ResearcherRequest? request, out _))
            {
                try
                {
                    await ForEachAsync(desks, desk => desk.HandleAsync(life, request, message), life.Token).ConfigureAwait(false);
                }
                catch (MessagingException)
                {
                    // The link is away; who asked asks again.
                }
            }
        }
    }
}
