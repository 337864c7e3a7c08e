using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Mqtt;
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
    Broadcast<RoundEvent> events,
    ILogger logger,
    TimeProvider timeProvider)
{
    /// <summary>Requests published at a time: enough to hide the broker's round trip, few enough for its in-flight limit.</summary>
    private const int PublishParallelism = 16;

    private const string AuxiliaryVariablesFile = "auxiliary_variables_received.mpk";

    private volatile VerdictBoard? _board;

    /// <summary>The nodes whose reply the running round awaits; none while no round runs.</summary>
    public IReadOnlyList<string> Awaited => [.. (_board?.Awaited ?? []).Order(StringComparer.Ordinal)];

    public async Task<RoundCommit> RunAsync(RoundContext context, RoundRequest request, RoundPolicy policy, CancellationToken cancellationToken)
    {
        var stopwatch = new PhaseWatch(timeProvider);
        IReadOnlyList<string> participants = SampleParticipants(context, request);
        policy.Validate(participants.Count);
        void Announce(RoundEventKind kind, string? nodeId = null, NodeVerdict? verdict = null) => events.Publish(new RoundEvent
        {
            Round = context.Round,
            Kind = kind,
            Elapsed = stopwatch.Total,
            NodeId = nodeId,
            Verdict = verdict,
            Participants = kind == RoundEventKind.Started ? participants : null,
        });

        LogStarted(context.Round, participants.Count, request.Training ? request.Aggregator!.Name : "validation only");
        Announce(RoundEventKind.Started);
        try
        {
            using NodeFiles files = NodeFiles.Create(context.Directory, logger);
            using ModelParameters global = AggregatedParametersFile.Open(context.Parameters.Path);
            IReadOnlyList<TrainOrder> orders = await new TrainOrders(requests, uploads)
                .BuildAsync(context, request, participants, policy.Deadline, cancellationToken).ConfigureAwait(false);
            var processor = new ReplyProcessor(context, request, global, repository, requests.ResearcherId, logger, timeProvider);
            var liveness = new LivenessWatch(requests, policy, timeProvider, logger);
            var board = new VerdictBoard(participants, policy.MinimumReplies.Of(participants.Count), logger, Announce);
            _board = board;
            using var collector = new ReplyCollector(board, policy, processor, liveness, timeProvider, kind => Announce(kind));

            using IReplyWindow window = requests.OpenReplyWindow([.. orders.Select(o => o.Ticket)]);
            IReadOnlyList<TrainMessage> messages = ComposeMessages(window, orders, board);
            long sentAt = timeProvider.GetTimestamp();
            await PublishAsync(window, messages, board, Announce, cancellationToken).ConfigureAwait(false);
            TimeSpan send = stopwatch.Next();

            IReadOnlyList<CollectedReply> replies = await collector.CollectAsync(window, sentAt, cancellationToken).ConfigureAwait(false);
            TimeSpan collect = stopwatch.Next();
            EnsureQuorum(context, policy, replies);

            GlobalParameters next = context.Parameters;
            string? auxiliaryVariables = null;
            TimeSpan aggregate = TimeSpan.Zero;
            using UpdateCombination? updates = request.Training ? UpdateCombination.Open(context, global, replies, logger) : null;
            if (updates is not null)
            {
                Announce(RoundEventKind.Aggregating);
                auxiliaryVariables = await updates.WriteAuxiliaryVariablesAsync(
                    Path.Combine(context.Directory, AuxiliaryVariablesFile), cancellationToken).ConfigureAwait(false);
                WrittenFile written = await updates.CombineAsync(
                    request.Aggregator!, request.SecureAggregation is not null, publisher, cancellationToken).ConfigureAwait(false);
                aggregate = stopwatch.Next();

                // The nodes' files have served: gigabytes of them are given back while the new parameters are uploaded.
                Task removal = context.KeepReplyFiles ? Task.CompletedTask : Task.Run(() => files.Remove(updates), CancellationToken.None);
                try
                {
                    next = await publisher.UploadAsync(written, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    await removal.ConfigureAwait(false);
                }
            }

            TimeSpan upload = stopwatch.Next();
            RoundCommit commit = Commit(context, orders, replies, next, Keep(context, auxiliaryVariables), new RoundTimings
            {
                Send = send,
                Collect = collect,
                Aggregate = aggregate,
                Upload = upload,
                Total = stopwatch.Total,
            });
            updates?.Accept();
            if (!request.Training || !context.KeepReplyFiles)
            {
                return commit;
            }

            files.Keep();
            return commit with { ReplyFiles = FilesOf(replies) };
        }
        catch
        {
            Announce(RoundEventKind.Failed);
            throw;
        }
        finally
        {
            _board = null;
        }
    }

    private static List<string> SampleParticipants(RoundContext context, RoundRequest request)
    {
        string sampler = $"The sampler {request.Sampler!.GetType().Name}";
        string[] chosen;
        try
        {
            chosen = [.. request.Sampler!.Sample(new SamplingContext { Round = context.Round, Data = context.Data, Seed = context.Seed + context.Round }) ?? []];
        }
        catch (Exception thrown) when (thrown is not FedJobException)
        {
            throw ExtensionFailed(context, $"{sampler} threw {thrown.GetType().Name}: {thrown.Message}", thrown);
        }

        int stranger = Array.FindIndex(chosen, id => id is null || !context.Data.Datasets.ContainsKey(id));
        string? flaw = chosen.Length == 0 ? "chose no node"
            : stranger >= 0 ? $"chose '{chosen[stranger]}', which is no node of the job"
            : chosen.Distinct(StringComparer.Ordinal).Count() != chosen.Length ? $"chose {chosen.Length} nodes, one of them twice"
            : null;
        return flaw is null
            ? [.. chosen.Order(StringComparer.Ordinal)]
            : throw ExtensionFailed(context, $"{sampler} {flaw}; it must choose at least one node, each of the job's and none twice.");
    }

    /// <summary>Writes and checks every request before the first one is sent. Who must not be asked now has its verdict at once.</summary>
    private static List<TrainMessage> ComposeMessages(IReplyWindow window, IReadOnlyList<TrainOrder> orders, VerdictBoard board)
    {
        var messages = new List<TrainMessage>(orders.Count);
        foreach (TrainOrder order in orders)
        {
            if (window.Compose(order.Ticket, order.Request, order.Properties, out string? refusal) is { } message)
            {
                messages.Add(new TrainMessage(order.Ticket, message));
            }
            else
            {
                board.Conclude(board[order.Ticket.NodeId], VerdictKind.Rejected, refusal ?? "not asked");
            }
        }

        return messages;
    }

    private static async Task PublishAsync(
        IReplyWindow window,
        IReadOnlyList<TrainMessage> messages,
        VerdictBoard board,
        Action<RoundEventKind, string?, NodeVerdict?> announce,
        CancellationToken cancellationToken)
    {
        var unheard = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            messages,
            new ParallelOptions { MaxDegreeOfParallelism = PublishParallelism, CancellationToken = cancellationToken },
            async (message, token) =>
            {
                PublishOutcome outcome = await window.SendAsync(message.Ticket, message.Content, token).ConfigureAwait(false);
                announce(RoundEventKind.Sent, message.Ticket.NodeId, null);
                if (outcome == PublishOutcome.NoSubscribers)
                {
                    unheard.Add(message.Ticket.NodeId);
                }
            }).ConfigureAwait(false);
        foreach (string nodeId in unheard.Order(StringComparer.Ordinal))
        {
            board.Conclude(board[nodeId], VerdictKind.Lost, "nobody listens on the node's topic: it is not connected to this broker");
        }
    }

    private static void EnsureQuorum(RoundContext context, RoundPolicy policy, IReadOnlyList<CollectedReply> replies)
    {
        int succeeded = replies.Count(r => r.Verdict.Kind == VerdictKind.Succeeded);
        int needed = policy.MinimumReplies.Of(replies.Count);
        if (succeeded >= needed)
        {
            return;
        }

        string failures = string.Join("; ", replies.Where(r => r.Verdict.Kind != VerdictKind.Succeeded)
            .Take(5).Select(r => $"{r.Verdict.NodeId} {r.Verdict.Kind}: {r.Verdict.Reason}"));
        throw new RoundFailedException(
            $"Round {context.Round} needs {needed} of {replies.Count} participant(s), {succeeded} succeeded. {failures}. " +
            "Mend the nodes or lower RoundPolicy.MinimumReplies, then run the round again.",
            [.. replies.Select(r => r.Verdict)])
        {
            JobId = context.JobId,
            Round = context.Round,
        };
    }

    private static FedJobException ExtensionFailed(RoundContext context, string message, Exception? thrown = null) =>
        new(FedJobErrorCode.ExtensionFailed, message, thrown) { JobId = context.JobId, Round = context.Round };

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

    private RoundCommit Commit(
        RoundContext context, IReadOnlyList<TrainOrder> orders, IReadOnlyList<CollectedReply> replies, GlobalParameters next, string? auxiliaryVariables, RoundTimings timings)
    {
        var result = new RoundResult
        {
            Round = context.Round,
            Outcome = replies.All(r => r.Verdict.Kind == VerdictKind.Succeeded) ? RoundOutcome.Completed : RoundOutcome.Degraded,
            Verdicts = [.. replies.Select(r => r.Verdict)],
            ParametersPath = next.Path,
            ParametersUrl = next.Url,
            AuxiliaryVariablesPath = auxiliaryVariables,
            Timings = timings,
        };
        LogEnded(context.Round, result.Outcome, timings.Total.TotalMilliseconds);
        return new RoundCommit(
            result,
            next,
            [.. replies.Where(r => r.Verdict.Kind == VerdictKind.Succeeded).Select(r => KeyValuePair.Create(r.Verdict.NodeId, r.Verdict.StateId))],
            orders.ToDictionary(o => o.Ticket.NodeId, o => o.Request, StringComparer.Ordinal));
    }

    [LoggerMessage(1100, LogLevel.Information, "Round {Round} began with {Participants} participant(s): {Rule}")]
    private partial void LogStarted(int round, int participants, string rule);

    [LoggerMessage(1101, LogLevel.Information, "Round {Round} ended: {Outcome} after {Milliseconds:0} ms")]
    private partial void LogEnded(int round, RoundOutcome outcome, double milliseconds);

    private sealed record TrainMessage(TrainTicket Ticket, OutboundMessage Content);

}
