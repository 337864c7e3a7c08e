using System.Runtime.CompilerServices;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>Runs ONE round, read top to bottom in <see cref="RunAsync"/>. It changes nothing of the job: what a successful round changes is the commit it returns.</summary>
internal sealed partial class RoundRunner(
    IRequests requests,
    IRepository repository,
    GlobalParametersPublisher publisher,
    JobUploads uploads,
    IRoundJournal journal,
    Broadcast<RoundEvent> events,
    ILogger logger,
    TimeProvider timeProvider)
{
    private const string AuxiliaryVariablesFile = "auxiliary_variables_received.mpk";

    private volatile VerdictBoard? _board;
    private volatile ReplyCollector? _collector;

    /// <summary>The nodes whose reply the running round awaits; none while no round runs.</summary>
    public IReadOnlyList<string> Awaited => [.. (_board?.Awaited ?? []).Order(StringComparer.Ordinal)];

    /// <summary>The nodes of a resumed job, which may never have said anything on this connection; they are met in the next round.</summary>
    public IReadOnlyCollection<string> Strangers { get; set; } = [];

    /// <summary>Ends the wait for one node of the running round; tells whether it was awaited.</summary>
    public bool Cancel(string nodeId)
    {
        if (_collector is not { } collector || !Awaited.Contains(nodeId, StringComparer.Ordinal))
        {
            return false;
        }

        collector.Cancel(nodeId);
        return true;
    }

    /// <summary>Runs the round, or continues the one the journal holds.</summary>
    /// <param name="context">What the round starts from.</param>
    /// <param name="request">What it should do.</param>
    /// <param name="policy">When it ends.</param>
    /// <param name="persist">Makes its commit durable; until then the round can be continued, afterwards it is over.</param>
    /// <param name="cancellationToken">Ends it; what was collected stays in the journal.</param>
    public async Task<RoundCommit> RunAsync(
        RoundContext context, RoundRequest request, RoundPolicy policy, Func<RoundCommit, Task> persist, CancellationToken cancellationToken)
    {
        var stopwatch = new PhaseWatch(timeProvider);
        RoundPolicyRules.Check(policy);
        RoundIntent intent = RoundIntent.Decide(context, request, policy, journal.Open);
        void Announce(RoundEventKind kind, string? nodeId = null, NodeVerdict? verdict = null, long? bytes = null) => events.Publish(new RoundEvent
        {
            Round = context.Round,
            Kind = kind,
            Elapsed = stopwatch.Total,
            NodeId = nodeId,
            Verdict = verdict,
            Bytes = bytes,
            Participants = kind == RoundEventKind.Started ? intent.Participants : null,
        });

        LogStarted(context.Round, intent.Participants.Count, request.Training ? request.Aggregator!.Name : "validation only", intent.Open?.Replies.Count ?? 0);
        Announce(RoundEventKind.Started);
        bool begun = false;
        try
        {
            using NodeFiles files = NodeFiles.Create(context.Directory, context.Spares, logger);
            using ModelParameters global = AggregatedParametersFile.Open(context.Parameters.Path);
            IReadOnlyList<string> prepared = policy.ReplaceLostNodes ? context.Data.Nodes : intent.Participants;
            (context, request) = RulePreparation.Apply(context, request, prepared, global);
            var orders = new TrainOrders(requests, uploads, context, request, policy.Deadline);
            IReadOnlyList<TrainOrder> asked = await intent.OrdersAsync(context, orders, cancellationToken).ConfigureAwait(false);
            Strangers = await intent.MeetAsync(requests, Strangers, cancellationToken).ConfigureAwait(false);

            var board = new VerdictBoard(intent.Participants, intent.Goal, policy.MinimumReplies.Of(intent.Goal), logger, Announce);
            _board = board;
            using IReplyWindow window = requests.OpenReplyWindow(intent.TicketsOf(asked));
            var dispatcher = new RequestDispatcher(window, requests, journal, Announce, logger);
            dispatcher.Compose(asked, board);
            await intent.JournalAsync(context, request.Training, asked, journal).ConfigureAwait(false);
            begun = true;
            long sentAt = timeProvider.GetTimestamp() - (long)((intent.Open?.Elapsed ?? TimeSpan.Zero).TotalSeconds * timeProvider.TimestampFrequency);
            IReadOnlyList<string> unheard = await dispatcher.SendAsync(intent, cancellationToken).ConfigureAwait(false);
            TimeSpan send = stopwatch.Next();

            var processor = new ReplyProcessor(context, request, global, repository, requests.ResearcherId, policy, logger, timeProvider);
            EarlySum earlySum = EarlySum.Of(context, request, policy, intent, global, logger);
            await using ConfiguredAsyncDisposable ends = earlySum.ConfigureAwait(false);
            using var collector = new ReplyCollector(
                board,
                policy,
                new ReplyIntake(processor, journal, Announce, timeProvider),
                dispatcher,
                new LivenessWatch(requests, policy, timeProvider, logger),
                new Substitutes(context, intent.Participants, orders),
                journal,
                earlySum,
                timeProvider,
                Announce);
            _collector = collector;
            IReadOnlyList<CollectedReply> replies =
                await collector.CollectAsync(window, intent.Open, unheard, sentAt, cancellationToken).ConfigureAwait(false);
            TimeSpan collect = stopwatch.Next();
            EnsureQuorum(context, policy, intent.Goal, replies);

            GlobalParameters next = context.Parameters;
            string? auxiliaryVariables = null;
            IReadOnlyList<ScreenedUpdate> screened = [];
            TimeSpan aggregate = TimeSpan.Zero;
            using UpdateCombination? updates = request.Training ? UpdateCombination.Open(context, global, dispatcher.Orders.Values, replies, logger) : null;
            if (updates is not null)
            {
                Announce(RoundEventKind.Aggregating);
                screened = updates.Screen(policy.OutlierGuard, cancellationToken);
                replies = Exclusions.Apply(replies, screened, Announce);
                EnsureQuorum(context, policy, intent.Goal, replies);
                auxiliaryVariables = await updates.WriteAuxiliaryVariablesAsync(
                    Path.Combine(context.Directory, AuxiliaryVariablesFile), cancellationToken).ConfigureAwait(false);
                WrittenFile written = await updates.CombineAsync(
                    request.Aggregator!, request.SecureAggregation is not null, earlySum, publisher, cancellationToken).ConfigureAwait(false);
                aggregate = stopwatch.Next();
                next = await publisher.UploadAsync(written, cancellationToken).ConfigureAwait(false);
            }

            TimeSpan upload = stopwatch.Next();
            RoundCommit commit = Commit(context, intent.Goal, dispatcher, replies, next, Keep(context, auxiliaryVariables), new RoundTimings
            {
                Send = send,
                Collect = collect,
                Aggregate = aggregate,
                Upload = upload,
                Total = stopwatch.Total,
            });
            commit = commit with { Result = commit.Result with { ScreenedUpdates = screened } };
            commit = request.Training && context.KeepReplyFiles ? commit with { ReplyFiles = FilesOf(replies) } : commit;
            await persist(commit).ConfigureAwait(false);
            updates?.Accept();
            files.Commit(keep: commit.ReplyFiles.Count > 0);
            LogEnded(context.Round, commit.Result.Outcome, stopwatch.Total.TotalMilliseconds);
            return commit;
        }
        catch
        {
            await SuspendAsync(begun).ConfigureAwait(false);
            Announce(RoundEventKind.Failed);
            throw;
        }
        finally
        {
            (_board, _collector) = (null, null);
        }
    }

    private static void EnsureQuorum(RoundContext context, RoundPolicy policy, int goal, IReadOnlyList<CollectedReply> replies)
    {
        int succeeded = replies.Count(r => r.Verdict.Kind == VerdictKind.Succeeded);
        int needed = policy.MinimumReplies.Of(goal);
        if (succeeded >= needed)
        {
            return;
        }

        string failures = string.Join("; ", replies.Where(r => r.Verdict.Kind != VerdictKind.Succeeded)
            .Take(5).Select(r => $"{r.Verdict.NodeId} {r.Verdict.Kind}: {r.Verdict.Reason}"));
        throw new RoundFailedException(
            $"Round {context.Round} needs {needed} of {replies.Count} participant(s), {succeeded} succeeded. {failures}. " +
            "Mend the nodes or lower RoundPolicy.MinimumReplies, then run the round again: the replies that came are kept, only the others are asked again.",
            [.. replies.Select(r => r.Verdict)])
        {
            JobId = context.JobId,
            Round = context.Round,
        };
    }

    /// <summary>Takes a file of the round over into the job's directory: the round's own goes with it.</summary>
    private static string? Keep(RoundContext context, string? path)
    {
        if (path is null)
        {
            return null;
        }

        string kept = Path.Combine(context.JobDirectory, $"{Path.GetFileNameWithoutExtension(path)}_{Guid.NewGuid():D}.mpk");
        File.Move(path, kept);
        return kept;
    }

    private static Dictionary<string, string> FilesOf(IReadOnlyList<CollectedReply> replies) => replies
        .Where(r => r.UpdatePath is not null)
        .ToDictionary(r => r.Verdict.NodeId, r => r.UpdatePath!, StringComparer.Ordinal);

    private static RoundCommit Commit(
        RoundContext context,
        int goal,
        RequestDispatcher dispatcher,
        IReadOnlyList<CollectedReply> replies,
        GlobalParameters next,
        string? auxiliaryVariables,
        RoundTimings timings)
    {
        CollectedReply[] succeeded = [.. replies.Where(r => r.Verdict.Kind == VerdictKind.Succeeded)];
        var result = new RoundResult
        {
            Round = context.Round,
            Outcome = succeeded.Length >= goal ? RoundOutcome.Completed : RoundOutcome.Degraded,
            Verdicts = [.. replies.Select(r => r.Verdict)],
            ParametersPath = next.Path,
            ParametersUrl = next.Url,
            AuxiliaryVariablesPath = auxiliaryVariables,
            Timings = timings,
        };
        return new RoundCommit(
            result,
            next,
            [.. succeeded.Select(r => KeyValuePair.Create(r.Verdict.NodeId, r.Verdict.StateId))],
            dispatcher.Orders.ToDictionary(o => o.Key, o => o.Value.Request, StringComparer.Ordinal));
    }

    /// <summary>Leaves the round so that it can be run again with what it has.</summary>
    private async Task SuspendAsync(bool begun)
    {
        try
        {
            await (begun && journal.Open is not null ? journal.SuspendAsync() : Task.CompletedTask).ConfigureAwait(false);
        }
        catch (FedJobException failure)
        {
            // What ended the round is on its way to the caller and matters more; the journal still holds all replies.
            LogNotSuspended(failure.Message);
        }
    }

    [LoggerMessage(1100, LogLevel.Information, "Round {Round} began with {Participants} participant(s), {Known} of them have replied before: {Rule}")]
    private partial void LogStarted(int round, int participants, string rule, int known);

    [LoggerMessage(1101, LogLevel.Information, "Round {Round} ended: {Outcome} after {Milliseconds:0} ms")]
    private partial void LogEnded(int round, RoundOutcome outcome, double milliseconds);

    [LoggerMessage(1104, LogLevel.Warning, "The journal could not note the end of the round: {Reason}")]
    private partial void LogNotSuspended(string reason);
}
