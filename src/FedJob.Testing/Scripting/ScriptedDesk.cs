using System.Collections.Immutable;
using System.Globalization;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;

namespace FedJob.Testing.Scripting;

/// <summary>One scripted node at work; it outlives the node's connections.</summary>
internal sealed class ScriptedDesk(ScriptedNode node, FleetContext fleet)
{
    private const int PublishAttempts = 6;
    private static readonly TimeSpan PublishPause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly KeptRequests _kept = new(fleet.Options.FinishedRepliesKept);
    private readonly ScriptedFiles _files = new(node, fleet);
    private readonly HashSet<int> _crashed = [];
    private readonly Dictionary<int, int> _failed = [];
    private ImmutableArray<Func<ScriptedLife, Task>> _heldBack = [];
    private Task _lastTurn = Task.CompletedTask;
    private int _highestRound = -1;

    public ScriptedNode Node => node;

    private bool IsSilent => node.Script.SilentFrom <= _highestRound;

    /// <summary>Answers a request; a train request is taken and answered beside.</summary>
    /// <param name="life">The connection it came over.</param>
    /// <param name="request">The request.</param>
    /// <param name="message">The message it came in.</param>
    public async Task HandleAsync(ScriptedLife life, ResearcherRequest request, InboundMessage message)
    {
        if (request is TrainRequest train)
        {
            Take(life, train, message);
        }
        else if (!IsSilent && ScriptedAnswers.To(request, node) is { } answer)
        {
            OutboundMessage reply = ScriptedReply.Of(answer, ScriptedReply.RequestIdOf(message));
            await life.Link.PublishAsync(reply, life.Token).ConfigureAwait(false);
            if (request is PingRequest)
            {
                node.Tally.Add(c => c with { Pongs = c.Pongs + 1 });
            }
        }
    }

    private void Take(ScriptedLife life, TrainRequest request, InboundMessage message)
    {
        string? id = ScriptedReply.RequestIdOf(message);
        string? key = id is null ? null : $"{request.ResearcherId}/{request.JobId}/{id}";
        bool isDue = _kept.Begin(key, out bool isRepeated, out OutboundMessage? finished);
        node.Tally.Add(c => c with { Requests = c.Requests + 1, RepeatedRequests = c.RepeatedRequests + (isRepeated ? 1 : 0) });
        if (CrashesNow(request.Round, out TimeSpan? backAfter))
        {
            Leave(isDue ? key : null);
            life.Crash(backAfter);
        }
        else if (IsSilent || node.Script.DropsOut(fleet.Options.Seed, node.NodeId, request.Round))
        {
            Leave(isDue ? key : null);
        }
        else if (finished is not null)
        {
            fleet.Run(node.NodeId, () => SendAsync(life, finished));
        }
        else if (isDue)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task before = Interlocked.Exchange(ref _lastTurn, done.Task);
            fleet.Run(node.NodeId, () => AnswerAsync(life, request, message, id, key, before, done));
        }
    }

    private bool CrashesNow(int round, out TimeSpan? backAfter)
    {
        lock (_gate)
        {
            _highestRound = Math.Max(_highestRound, round);
            return node.Script.Crashes.TryGetValue(round, out backAfter) && _crashed.Add(round);
        }
    }

    private void Leave(string? key)
    {
        _kept.End(key, null);
        node.Tally.Add(c => c with { Unanswered = c.Unanswered + 1 });
    }

    private async Task AnswerAsync(
        ScriptedLife life, TrainRequest request, InboundMessage message, string? id, string? key, Task before, TaskCompletionSource done)
    {
        OutboundMessage? reply = null;
        try
        {
            try
            {
                // One training at a time and in the order of the requests, as at a real node.
                await before.WaitAsync(life.Token).ConfigureAwait(false);
                foreach (Func<ScriptedLife, Task> send in TakeHeldBack())
                {
                    await send(life).ConfigureAwait(false);
                }

                reply = await TrainAsync(request, message, id, life.Token).ConfigureAwait(false);
                if (node.Script.Late.TryGetValue(request.Round, out TimeSpan? by) && by is null)
                {
                    HoldBack(current => FinishAsync(current, key, reply));
                    return;
                }
            }
            finally
            {
                done.SetResult();
            }

            if (node.Script.Late.GetValueOrDefault(request.Round) is { } time)
            {
                await Task.Delay(time, fleet.TimeProvider, life.Token).ConfigureAwait(false);
            }

            await FinishAsync(life, key, reply).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (life.Token.IsCancellationRequested)
        {
            // The node died over it: asked again it begins anew, unless it had finished.
            _kept.Forget(key);
            throw;
        }
    }

    private Task FinishAsync(ScriptedLife life, string? key, OutboundMessage reply)
    {
        _kept.End(key, reply);
        return SendAsync(life, reply);
    }

    private void HoldBack(Func<ScriptedLife, Task> send)
    {
        lock (_gate)
        {
            _heldBack = _heldBack.Add(send);
        }
    }

    private Func<ScriptedLife, Task>[] TakeHeldBack()
    {
        lock (_gate)
        {
            Func<ScriptedLife, Task>[] held = [.. _heldBack];
            _heldBack = [];
            return held;
        }
    }

    private async Task<OutboundMessage> TrainAsync(
        TrainRequest request, InboundMessage message, string? id, CancellationToken cancellationToken)
    {
        int number = 0;
        node.Tally.Add(c => c with { Trainings = number = c.Trainings + 1 });
        string numberText = number.ToString(CultureInfo.InvariantCulture);
        string stateId = $"node_state_{Chance.Id(fleet.Options.Seed, node.NodeId, "state", numberText):D}";
        long begun = fleet.TimeProvider.GetTimestamp();
        TimeSpan pause = node.Script.ReplyTime(fleet.Options.Seed, node.NodeId, number);
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, fleet.TimeProvider, cancellationToken).ConfigureAwait(false);
        }

        if (Refusal(request) is { } refusal)
        {
            return ScriptedReply.Of(ScriptedAnswers.Failure(request, node, stateId, refusal), id);
        }

        TrainReply reply = ScriptedAnswers.Failure(request, node, stateId, "") with { Success = true, DatasetId = node.Dataset.DatasetId };
        if (!request.Training)
        {
            return ScriptedReply.Of(reply with { StateId = null }, id);
        }

        try
        {
            (Uri url, FileDigest? digest, long samples) = await _files
                .TrainAsync(request, ScriptedReply.DigestOf(message), number, stateId, cancellationToken).ConfigureAwait(false);
            var timing = new TrainTiming(fleet.TimeProvider.GetElapsedTime(begun), TimeSpan.Zero);
            reply = reply with { ParametersUrl = url.AbsoluteUri, SampleCount = samples, Timing = timing };
            return ScriptedReply.Of(reply, id, digest);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // What the function throws, and a transfer that fails, are the node's failure, as at a real one.
            return ScriptedReply.Of(ScriptedAnswers.Failure(request, node, stateId, exception.Message), id);
        }
    }

    private string? Refusal(TrainRequest request)
    {
        if (request.DatasetId != node.Dataset.DatasetId)
        {
            return $"The node has no dataset '{request.DatasetId}', only '{node.Dataset.DatasetId}'.";
        }

        if (!node.Script.Failures.TryGetValue(request.Round, out var failure))
        {
            return null;
        }

        lock (_gate)
        {
            int count = _failed.GetValueOrDefault(request.Round) + 1;
            _failed[request.Round] = count;
            return count <= failure.Times ? failure.Reason : null;
        }
    }

    private async Task SendAsync(ScriptedLife life, OutboundMessage reply)
    {
        for (int copy = 0; copy < node.Script.ReplyCopies; copy++)
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    await life.Link.PublishAsync(reply, life.Token).ConfigureAwait(false);
                    node.Tally.Add(c => c with { Replies = c.Replies + 1 });
                    break;
                }
                catch (MessagingException exception) when (attempt < PublishAttempts && exception.Code != FedJobErrorCode.ConnectionClosed)
                {
                    // The link is coming back; the reply is kept in any case.
                    await Task.Delay(PublishPause, fleet.TimeProvider, life.Token).ConfigureAwait(false);
                }
            }
        }
    }
}
