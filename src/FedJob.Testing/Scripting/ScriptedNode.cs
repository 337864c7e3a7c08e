using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Testing.Signals;

namespace FedJob.Testing.Scripting;

/// <summary>
/// A FedJob node as it looks from outside, without a training plan: it answers searches, pings and train requests over MQTT 5 with FedJob's
/// correlation,
/// uploads real parameter files, and what it "trains" is a function of the caller's. Its script says what it does wrong, round by round;
/// chance is
/// seeded and repeats. It keeps its finished replies: the same request again is answered from them without a training. A <see
/// cref="ScriptedFleet"/>
/// runs it.
/// </summary>
/// <example><code>
/// var a = new ScriptedNode("a", task => new EmulatedUpdate { Parameters = Step(task.Parameters), SampleCount = 100 })
///     .RepliesAfter(TimeSpan.FromMilliseconds(20)).Crashes(onRound: 3, backAfter: TimeSpan.FromSeconds(1)).DropsOut(0.05);
/// await using LocalFederation federation = await LocalFederation.StartAsync(new() { ScriptedNodes = { a } });
/// </code></example>
public sealed class ScriptedNode
{
    private readonly Lock _gate = new();

    /// <summary>Makes a node that trains by a function.</summary>
    /// <param name="nodeId">Its id.</param>
    /// <param name="train">The training; what it throws becomes the node's failure.</param>
    /// <exception cref="ArgumentException">The id is no <see cref="Identifier"/>.</exception>
    public ScriptedNode(string nodeId, Func<ScriptedTask, CancellationToken, Task<EmulatedUpdate>> train)
    {
        NodeId = Identifier.Check(nodeId);
        ArgumentNullException.ThrowIfNull(train);
        Train = train;
        Dataset = new DatasetEntry
        {
            DatasetId = $"dataset_{Chance.Id(0, nodeId, "dataset"):N}",
            Name = "scripted",
            DataType = "csv",
            Tags = ["scripted"],
            Description = "no data, a script",
            Shape = [1, 1],
        };
    }

    /// <summary>Makes a node that trains by a function which takes no time.</summary>
    /// <param name="nodeId">Its id.</param>
    /// <param name="train">The training; what it throws becomes the node's failure.</param>
    /// <exception cref="ArgumentException">The id is no <see cref="Identifier"/>.</exception>
    public ScriptedNode(string nodeId, Func<ScriptedTask, EmulatedUpdate> train)
        : this(nodeId, (task, _) => Task.FromResult(train(task))) => ArgumentNullException.ThrowIfNull(train);

    /// <summary>Makes a node that sends the global parameters back unchanged, with one sample.</summary>
    /// <param name="nodeId">Its id.</param>
    /// <exception cref="ArgumentException">The id is no <see cref="Identifier"/>.</exception>
    public ScriptedNode(string nodeId)
        : this(nodeId, task => new EmulatedUpdate { Parameters = new ModelParameters(task.Parameters), SampleCount = 1 })
    {
    }

    private ScriptedNode(string nodeId, Uri uploadedFile, long sampleCount)
        : this(nodeId) => (InstantFile, InstantSamples) = (uploadedFile, sampleCount);

    /// <summary>The node's id.</summary>
    public string NodeId { get; }

    /// <summary>The one dataset it offers. Default: of the tag <c>scripted</c>.</summary>
    public DatasetEntry Dataset { get; private set; }

    /// <summary>What happened at it so far.</summary>
    public ScriptedNodeCounters Counters => Tally.Now;

    internal Func<ScriptedTask, CancellationToken, Task<EmulatedUpdate>> Train { get; }

    internal Uri? InstantFile { get; }

    internal long InstantSamples { get; }

    internal NodeScript Script { get; private set; } = NodeScript.Flawless;

    internal Tally<ScriptedNodeCounters> Tally { get; } = new(ScriptedNodeCounters.None);

    /// <summary>
    /// Makes a node that downloads, computes and uploads nothing: every training is answered at once with a file uploaded before.
    /// </summary>
    /// <param name="nodeId">Its id.</param>
    /// <param name="uploadedFile">The URL of a node's parameter file.</param>
    /// <param name="sampleCount">The sample count of the answers, at least 1.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentException">The id is no <see cref="Identifier"/>, or the sample count is below 1.</exception>
    public static ScriptedNode Instant(string nodeId, Uri uploadedFile, long sampleCount)
    {
        ArgumentNullException.ThrowIfNull(uploadedFile);
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleCount, 1);
        return new ScriptedNode(nodeId, uploadedFile, sampleCount);
    }

    /// <summary>Offers this dataset instead; before the node is started.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <returns>This node.</returns>
    public ScriptedNode Offers(DatasetEntry dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        Dataset = dataset;
        return this;
    }

    /// <summary>Each answer takes so long, or a random time up to <paramref name="atMost"/>.</summary>
    /// <param name="time">The time from the request to the reply, or the shortest one; 0 or more.</param>
    /// <param name="atMost">The longest time. Default: <paramref name="time"/>.</param>
    /// <returns>This node.</returns>
    public ScriptedNode RepliesAfter(TimeSpan time, TimeSpan? atMost = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(atMost ?? time, time, nameof(atMost));
        return Change(s => s with { ShortestReplyTime = time, LongestReplyTime = atMost ?? time });
    }

    /// <summary>Answers that it could not train.</summary>
    /// <param name="round">In this round, counted from 0.</param>
    /// <param name="reason">What it says.</param>
    /// <param name="times">To how many requests of that round; later ones are trained. Default: all.</param>
    /// <returns>This node.</returns>
    public ScriptedNode FailsOnRound(int round, string reason = "the script says so", int times = int.MaxValue)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        return Change(s => s with { Failures = s.Failures.SetItem(round, (reason, times)) });
    }

    /// <summary>Stays connected and answers nothing any more, pings neither.</summary>
    /// <param name="onRound">From the first request of this round or a later one on.</param>
    /// <returns>This node.</returns>
    public ScriptedNode GoesSilent(int onRound) => Change(s => s with { SilentFrom = onRound });

    /// <summary>Sends every train reply more than once.</summary>
    /// <param name="copies">How often in all, at least 2.</param>
    /// <returns>This node.</returns>
    public ScriptedNode Duplicates(int copies = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(copies, 2);
        return Change(s => s with { ReplyCopies = copies });
    }

    /// <summary>The reply of a round comes late; other requests are answered meanwhile.</summary>
    /// <param name="onRound">The round, counted from 0.</param>
    /// <param name="by">By how much. Default: until the node's next train request, right before the answer to that.</param>
    /// <returns>This node.</returns>
    public ScriptedNode RepliesLate(int onRound, TimeSpan? by = null) => Change(s => s with { Late = s.Late.SetItem(onRound, by) });

    /// <summary>
    /// The first request of a round cuts the node's connection without a goodbye, so that the broker publishes its last will; what it was
    /// doing is lost,
    /// finished replies are not. The node gets a connection of its own for this.
    /// </summary>
    /// <param name="onRound">The round, counted from 0.</param>
    /// <param name="backAfter">When it connects again, as restarted by its owner. Default: never.</param>
    /// <returns>This node.</returns>
    public ScriptedNode Crashes(int onRound, TimeSpan? backAfter = null) =>
        Change(s => s with { Crashes = s.Crashes.SetItem(onRound, backAfter) });

    /// <summary>Uploads a file with one flipped byte, while the reply tells the digest of the right one.</summary>
    /// <param name="onRound">In this round. Default: in all.</param>
    /// <returns>This node.</returns>
    public ScriptedNode CorruptsFile(int? onRound = null) => Change(s => s with { Corrupt = s.Corrupt.With(onRound) });

    /// <summary>Names a file that the repository does not have.</summary>
    /// <param name="onRound">In this round. Default: in all.</param>
    /// <returns>This node.</returns>
    public ScriptedNode MissingFile(int? onRound = null) => Change(s => s with { Missing = s.Missing.With(onRound) });

    /// <summary>
    /// Leaves a round's requests without an answer by chance; pings are answered. Whether it does depends on the seed, the node and the
    /// round alone.
    /// </summary>
    /// <param name="probability">The chance of each round, 0 to 1.</param>
    /// <returns>This node.</returns>
    public ScriptedNode DropsOut(double probability)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1);
        return Change(s => s with { DropOut = probability });
    }

    /// <summary>Does nothing wrong from now on; also ends a silence.</summary>
    /// <returns>This node.</returns>
    public ScriptedNode Behaves() => Change(_ => NodeScript.Flawless);

    /// <summary>Waits for something to have happened at the node; a signal, no polling.</summary>
    /// <param name="isReached">Whether the counters are as wanted; short, and called at each change of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The counters as they were when it was reached.</returns>
    public Task<ScriptedNodeCounters> WaitForAsync(Func<ScriptedNodeCounters, bool> isReached, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isReached);
        return Tally.WaitAsync(isReached, cancellationToken);
    }

    private ScriptedNode Change(Func<NodeScript, NodeScript> change)
    {
        lock (_gate)
        {
            Script = change(Script);
        }

        return this;
    }
}
