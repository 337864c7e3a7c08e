using FedJob.Metrics;
using FedJob.Rounds;

namespace QuickStart;

/// <summary>Shows a training as it happens.</summary>
internal interface IRoundView
{
    void Started(string broker, Uri repository);

    void Happened(RoundEvent roundEvent);

    void Reported(NodeMetric metric);

    void RoundEnded(RoundResult round, Score score);
}
