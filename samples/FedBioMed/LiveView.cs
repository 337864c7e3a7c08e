using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Rounds;
using Spectre.Console;

namespace FedBioMed;

/// <summary>A live table for a terminal: one row a node.</summary>
internal sealed class LiveView : IProgressView, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, NodeRow> _nodes = new(StringComparer.Ordinal);
    private readonly IAnsiConsole _console;
    private readonly LiveDisplayContext _display;
    private readonly int _rounds;
    private readonly TimeProvider _time;
    private readonly ITimer _clock;
    private string _title = "looking for nodes";
    private string _last = string.Empty;

    public LiveView(IAnsiConsole console, LiveDisplayContext display, int rounds, TimeProvider time)
    {
        (_console, _display, _rounds, _time) = (console, display, rounds, time);
        _clock = time.CreateTimer(_ => Change(() => { }), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Found(FederatedDataset data) => Change(() =>
    {
        _title = "preparing";
        foreach ((string node, var dataset) in data.Datasets)
        {
            _nodes[node] = new NodeRow("found", dataset.Shape is [var rows, ..] ? rows : null, null, null, string.Empty);
        }
    });

    public void Happened(RoundEvent roundEvent) => Change(() =>
    {
        switch (roundEvent)
        {
            case { Kind: RoundEventKind.Started }:
                _title = roundEvent.Round < _rounds ? $"round {roundEvent.Round} ({roundEvent.Round + 1} of {_rounds})" : "validation";
                foreach (string node in roundEvent.Participants ?? [])
                {
                    Set(node, row => row with { Phase = "waiting", Since = null, Time = null });
                }

                break;
            case { Kind: RoundEventKind.Sent, NodeId: { } node }:
                Set(node, row => row with { Phase = "training", Since = _time.GetTimestamp() });
                break;
            case { Kind: RoundEventKind.Replied, NodeId: { } node }:
                Set(node, row => row with { Phase = "downloading" });
                break;
            case { Kind: RoundEventKind.Verdict, Verdict: { } verdict }:
                Set(verdict.NodeId, row => row with
                {
                    Phase = verdict.Kind.ToString(),
                    Samples = verdict.SampleCount ?? row.Samples,
                    Time = verdict.ReplyTime,
                    Since = null,
                });
                break;
        }
    });

    public void Reported(NodeMetric metric, int round) => Change(() =>
    {
        foreach ((string name, double value) in metric.Message.Metrics)
        {
            Set(metric.NodeId, row => row with { Metric = $"{name} {value:0.####}" });
        }
    });

    public void RoundEnded(RoundReport round)
    {
        foreach (NodeVerdict verdict in round.Verdicts.Where(v => v.Kind != VerdictKind.Succeeded))
        {
            Log($"node {verdict.NodeId}: {verdict.Kind}{(verdict.Reason is { } reason ? $": {reason}" : string.Empty)}");
        }

        Change(() => _last =
            $"{(round.Training ? $"round {round.Round}" : "validation")}: {round.Outcome}, {round.SampleCount} samples, {round.Time.TotalSeconds:0.00} s  {round.MetricLine}");
    }

    public void Log(string line) => Change(() => _console.WriteLine(Failure.OneLine(line)));

    public void Ended(RunEnd end)
    {
        if (end.Out is not null)
        {
            Change(() => (_title, _last) = ($"{end.Rounds} round(s) done", $"{_last}\nparameters: {end.Out}"));
        }
    }

    public void Dispose() => _clock.Dispose();

    private void Set(string node, Func<NodeRow, NodeRow> change) =>
        _nodes[node] = change(_nodes.GetValueOrDefault(node) ?? new NodeRow(string.Empty, null, null, null, string.Empty));

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _display.UpdateTarget(Render());
        }
    }

    private Table Render()
    {
        Table table = new Table().RoundedBorder().Title(Markup.Escape(_title)).Caption(Markup.Escape(_last));
        table.AddColumns("node", "phase", "samples", "seconds", "last metric");
        foreach ((string node, NodeRow row) in _nodes)
        {
            TimeSpan? time = row.Since is { } since ? _time.GetElapsedTime(since) : row.Time;
            table.AddRow(Markup.Escape(node), row.Phase, row.Samples?.ToString() ?? "-", $"{time?.TotalSeconds:0.0}", Markup.Escape(row.Metric));
        }

        return table;
    }

    private sealed record NodeRow(string Phase, long? Samples, long? Since, TimeSpan? Time, string Metric);
}
