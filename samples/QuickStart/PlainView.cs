using FedJob.Metrics;
using FedJob.Rounds;

namespace QuickStart;

/// <summary>One line a round: for output that is redirected to a file or another program.</summary>
internal sealed class PlainView(TextWriter output) : IRoundView
{
    public void Started(string broker, Uri repository) =>
        output.WriteLine($"MQTT broker {broker}, file repository on {repository}");

    public void Happened(RoundEvent roundEvent)
    {
        // a line for each event would drown the rounds
    }

    public void Reported(NodeMetric metric)
    {
        // likewise for each metric
    }

    public void RoundEnded(RoundResult round, Score score) => output.WriteLine(
        $"round {round.Round,2}  {round.Outcome}  loss {score.Loss:0.0000}  accuracy {score.Accuracy:0.0%}  " +
        $"nodes {string.Join(" ", round.Verdicts.Select(v => $"{v.NodeId}:{v.Kind}:{v.SampleCount}"))}  {round.Timings.Total.TotalMilliseconds:0} ms");
}
