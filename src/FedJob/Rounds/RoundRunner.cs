using System.Globalization;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Messaging;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Messages;
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
    Broadcast<RoundEvent> events,
    ILogger logger,
    TimeProvider timeProvider)
{
    /// <summary>Requests published at a time: enough to hide the broker's round trip, few enough for its in-flight limit.</summary>
    private const int PublishParallelism = 16;

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

        LogStarted(context.Round, participants.Count, request.Training ? request.Aggregator.Name : "validation only");
        Announce(RoundEventKind.Started);
        try
        {
            using NodeFiles files = NodeFiles.Create(context.Directory, logger);
            using ModelParameters global = AggregatedParametersFile.Open(context.Parameters.Path);
            IReadOnlyList<TrainOrder> orders = BuildOrders(context, request, participants);
            var processor = new ReplyProcessor(context, request.Training, global, repository, requests.ResearcherId, timeProvider);
            var liveness = new LivenessWatch(requests, policy, timeProvider, logger);
            var board = new VerdictBoard(participants, policy.MinimumReplies.Of(participants.Count), logger, Announce);
            using var collector = new ReplyCollector(board, policy, processor, liveness, timeProvider, kind => Announce(kind));

            using IReplyWindow window = requests.OpenReplyWindow([.. orders.Select(o => o.Ticket)]);
            long sentAt = timeProvider.GetTimestamp();
            await PublishAsync(window, orders, board, Announce, cancellationToken).ConfigureAwait(false);
            TimeSpan send = stopwatch.Next();

            IReadOnlyList<CollectedReply> replies = await collector.CollectAsync(window, sentAt, cancellationToken).ConfigureAwait(false);
            TimeSpan collect = stopwatch.Next();
            EnsureQuorum(context, policy, replies);

            GlobalParameters next = context.Parameters;
            TimeSpan aggregate = TimeSpan.Zero;
            if (request.Training)
            {
                Announce(RoundEventKind.Aggregating);
                ModelParameters combined = Aggregate(context, request.Aggregator, global, replies, cancellationToken);
                WrittenFile written = await publisher.WriteAsync(combined, cancellationToken).ConfigureAwait(false);
                aggregate = stopwatch.Next();
                next = await publisher.UploadAsync(written, cancellationToken).ConfigureAwait(false);
            }

            TimeSpan upload = stopwatch.Next();
            return Commit(context, replies, next, new RoundTimings
            {
                Send = send,
                Collect = collect,
                Aggregate = aggregate,
                Upload = upload,
                Total = stopwatch.Total,
            });
        }
        catch
        {
            Announce(RoundEventKind.Failed);
            throw;
        }
    }

    private static List<string> SampleParticipants(RoundContext context, RoundRequest request)
    {
        string sampler = $"The sampler {request.Sampler.GetType().Name}";
        string[] chosen;
        try
        {
            chosen = [.. request.Sampler.Sample(new SamplingContext { Round = context.Round, Data = context.Data, Seed = context.Seed + context.Round }) ?? []];
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

    private List<TrainOrder> BuildOrders(RoundContext context, RoundRequest request, IReadOnlyList<string> participants)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [WireProperties.ParametersDigest] = context.Parameters.Digest.ToString(),
            [WireProperties.TrainingPlanDigest] = context.TrainingPlanDigest.ToString(),
            [WireProperties.Seed] = context.Seed.ToString(CultureInfo.InvariantCulture),
        };
        return participants.Select(nodeId => new TrainOrder(
            new TrainTicket(nodeId, requests.NewRequestId(), context.JobId, context.Round),
            new TrainRequest
            {
                ResearcherId = requests.ResearcherId,
                JobId = context.JobId,
                StateId = context.StateIds.GetValueOrDefault(nodeId),
                ParametersUrl = context.Parameters.Url.AbsoluteUri,
                TrainingArgs = context.TrainingArgs,
                DatasetId = context.Data.Datasets[nodeId].DatasetId,
                Training = request.Training,
                ModelArgs = context.ModelArgs,
                TrainingPlanUrl = context.TrainingPlanUrl.AbsoluteUri,
                TrainingPlanClass = context.TrainingPlanClass,
                Round = context.Round,
                AggregatorArgs = new JsonObject(),
            },
            properties)).ToList();
    }

    private static async Task PublishAsync(
        IReplyWindow window,
        IReadOnlyList<TrainOrder> orders,
        VerdictBoard board,
        Action<RoundEventKind, string?, NodeVerdict?> announce,
        CancellationToken cancellationToken)
    {
        var unheard = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            orders,
            new ParallelOptions { MaxDegreeOfParallelism = PublishParallelism, CancellationToken = cancellationToken },
            async (order, token) =>
            {
                PublishOutcome outcome = await window.SendAsync(order.Ticket, order.Request, order.Properties, token).ConfigureAwait(false);
                announce(RoundEventKind.Sent, order.Ticket.NodeId, null);
                if (outcome == PublishOutcome.NoSubscribers)
                {
                    unheard.Add(order.Ticket.NodeId);
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

    private static ModelParameters Aggregate(
        RoundContext context, IAggregator aggregator, ModelParameters global, IReadOnlyList<CollectedReply> replies, CancellationToken cancellationToken)
    {
        var files = new List<NodeParametersFile>();
        try
        {
            var updates = new List<NodeUpdate>();
            foreach (CollectedReply reply in replies.Where(r => r.Verdict.Kind == VerdictKind.Succeeded))
            {
                NodeParametersFile file = NodeParametersFile.Open(reply.UpdatePath!);
                files.Add(file);
                updates.Add(new NodeUpdate
                {
                    NodeId = reply.Verdict.NodeId,
                    SampleCount = reply.Verdict.SampleCount!.Value,
                    Parameters = file.Parameters,
                });
            }

            return AggregationRun.Combine(
                aggregator, new AggregationContext { Round = context.Round, Global = global, Updates = updates }, cancellationToken);
        }
        catch (Exception thrown) when (IsForeign(thrown, cancellationToken))
        {
            throw ExtensionFailed(context, $"The aggregator {aggregator.Name} threw {thrown.GetType().Name}: {thrown.Message}", thrown);
        }
        finally
        {
            files.ForEach(f => f.Dispose());
        }
    }

    /// <summary>Whether an exception is the extension's own: neither FedJob's, nor the caller's cancellation.</summary>
    private static bool IsForeign(Exception thrown, CancellationToken cancellationToken) =>
        thrown is not FedJobException && !(thrown is OperationCanceledException && cancellationToken.IsCancellationRequested);

    private static FedJobException ExtensionFailed(RoundContext context, string message, Exception? thrown = null) =>
        new(FedJobErrorCode.ExtensionFailed, message, thrown) { JobId = context.JobId, Round = context.Round };

    private RoundCommit Commit(RoundContext context, IReadOnlyList<CollectedReply> replies, GlobalParameters next, RoundTimings timings)
    {
        var result = new RoundResult
        {
            Round = context.Round,
            Outcome = replies.All(r => r.Verdict.Kind == VerdictKind.Succeeded) ? RoundOutcome.Completed : RoundOutcome.Degraded,
            Verdicts = [.. replies.Select(r => r.Verdict)],
            ParametersPath = next.Path,
            ParametersUrl = next.Url,
            Timings = timings,
        };
        LogEnded(context.Round, result.Outcome, timings.Total.TotalMilliseconds);
        return new RoundCommit(result, next, [.. replies
            .Where(r => r.Verdict.Kind == VerdictKind.Succeeded)
            .Select(r => KeyValuePair.Create(r.Verdict.NodeId, r.StateId))]);
    }

    [LoggerMessage(1100, LogLevel.Information, "Round {Round} began with {Participants} participant(s): {Rule}")]
    private partial void LogStarted(int round, int participants, string rule);

    [LoggerMessage(1101, LogLevel.Information, "Round {Round} ended: {Outcome} after {Milliseconds:0} ms")]
    private partial void LogEnded(int round, RoundOutcome outcome, double milliseconds);

    private sealed record TrainOrder(TrainTicket Ticket, TrainRequest Request, IReadOnlyDictionary<string, string> Properties);
}
