using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Rounds;

namespace FedBioMed;

/// <summary>Plain lines: for output that is redirected to a file or another program.</summary>
internal sealed class PlainView(TextWriter output, TextWriter error, int rounds) : IProgressView
{
    private readonly Lock _lock = new();

    public void Found(FederatedDataset data)
    {
        foreach ((string node, var dataset) in data.Datasets)
        {
            string size = dataset.Shape is [var rows, ..] ? $", {rows} samples" : string.Empty;
            Write(output, $"node {node}: {dataset.Name} ({dataset.DatasetId}){size}");
        }
    }

    public void Happened(RoundEvent roundEvent)
    {
        // a line for each event would drown the rounds
    }

    public void Reported(NodeMetric metric, int round)
    {
        // likewise for each metric
    }

    public void RoundEnded(RoundReport round)
    {
        string name = round.Training ? $"round {round.Round} ({round.Round + 1} of {rounds})" : "validation";
        string metrics = round.MetricLine is { Length: > 0 } line ? $"; {line}" : string.Empty;
        Write(output, $"{name}: {round.Outcome}, {round.Succeeded} of {round.Verdicts.Count} node(s), {round.SampleCount} samples, {round.Time.TotalSeconds:0.00} s{metrics}");
        foreach (NodeVerdict verdict in round.Verdicts.Where(v => v.Kind != VerdictKind.Succeeded))
        {
            Log($"node {verdict.NodeId}: {verdict.Kind}{(verdict.Reason is { } reason ? $": {reason}" : string.Empty)}");
        }
    }

    public void Log(string line) => Write(error, line);

    public void Ended(RunEnd end)
    {
        if (end.Out is not null)
        {
            Write(output, $"{end.Rounds} round(s) done; parameters: {end.Out}");
        }
    }

    private void Write(TextWriter writer, string line)
    {
        lock (_lock)
        {
            writer.WriteLine(Failure.OneLine(line));
        }
    }
}
