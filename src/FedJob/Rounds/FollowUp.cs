using FedJob.Protocol.Mqtt;

namespace FedJob.Rounds;

/// <summary>What a collector does about nodes that do not reply: notes who is lost, asks again who came back, asks others in place of who failed.</summary>
internal sealed class FollowUp(
    VerdictBoard board,
    RoundPolicy policy,
    RequestDispatcher dispatcher,
    Substitutes substitutes,
    CollectorWork work,
    Announcement announce,
    CancellationToken stop)
{
    /// <summary>Whether the deadline has passed: nobody is asked any more.</summary>
    public bool IsOver { get; set; }

    /// <summary>Asks further nodes where the goal is out of reach of those that are left.</summary>
    public void ReplaceMissing()
    {
        for (int missing = board.Shortfall; policy.ReplaceLostNodes && !IsOver && missing > 0 && substitutes.Next() is { } nodeId; missing--)
        {
            board.Add(nodeId);
            announce(RoundEventKind.Replaced, nodeId);
            work.Start(AskSubstituteAsync(nodeId));
        }
    }

    private async Task AskSubstituteAsync(string nodeId)
    {
        if (await substitutes.AskAsync(nodeId, dispatcher, stop).ConfigureAwait(false) is { } refusal)
        {
            work.Post(new CollectorSignal(CollectorSignal.Kinds.NodeLost) { NodeId = nodeId, Text = refusal });
        }
    }

    /// <summary>Asks a node that has not replied once more, if the policy allows it: under the same id as often as need be, under a new one as a retry.</summary>
    public bool AskAgain(Participant participant, bool fresh = false)
    {
        bool sameId = !fresh && dispatcher.KeepsId(participant.NodeId);
        if (participant.Replied || participant.IsBeingAsked || IsOver || (!sameId && participant.Retries >= policy.Retries))
        {
            return false;
        }

        participant.IsBeingAsked = true;
        work.Start(RepeatAsync(participant, sameId));
        return true;
    }

    private async Task RepeatAsync(Participant participant, bool sameId)
    {
        PublishOutcome? outcome = await dispatcher.RepeatAsync(participant.NodeId, sameId, stop).ConfigureAwait(false);
        if (!sameId && outcome == PublishOutcome.Accepted)
        {
            participant.CountRetry();
        }

        // A FedJob node on whose topic nobody listens is on its way back: its presence will say so. A Python node never connects again by itself.
        work.Post(new CollectorSignal(CollectorSignal.Kinds.AskedAgain)
        {
            NodeId = participant.NodeId,
            IsUnheard = outcome == PublishOutcome.NoSubscribers && !dispatcher.KeepsId(participant.NodeId),
        });
    }

    public void Lose(Participant participant, string reason)
    {
        if (board.Lose(participant, reason))
        {
            work.PostAfter(policy.EffectiveReturnGrace, new CollectorSignal(CollectorSignal.Kinds.ReturnGraceOver) { NodeId = participant.NodeId });
        }
    }
}
