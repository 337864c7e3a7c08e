using FedJob.Metrics;
using FedJob.Rounds;
using Spectre.Console;

namespace QuickStart;

/// <summary>A live table for a terminal: one row a node, and the round's loss and accuracy.</summary>
internal sealed class LiveView : IRoundView
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, NodeRow> _nodes = new(StringComparer.Ordinal);
    private readonly LiveDisplayContext _display;
    private readonly int _rounds;
    private string _header = string.Empty;
    private string _round = "starting";
    private string _score = string.Empty;

    public LiveView(LiveDisplayContext display, int rounds) => (_display, _rounds) = (display, rounds);

    public void Started(string broker, Uri repository) =>
        Change(() => _header = $"MQTT broker {broker}   file repository {repository}");

    public void Happened(RoundEvent roundEvent) => Change(() =>
    {
        switch (roundEvent)
        {
            case { Kind: RoundEventKind.Started }:
                _round = $"round {roundEvent.Round + 1} of {_rounds}";
                foreach (string node in roundEvent.Participants ?? [])
                {
                    _nodes[node] = new NodeRow("waiting", null, _nodes.GetValueOrDefault(node)?.Samples);
                }

                break;
            case { Kind: RoundEventKind.Sent, NodeId: { } node }:
                _nodes[node] = _nodes[node] with { State = "training" };
                break;
            case { Kind: RoundEventKind.Replied, NodeId: { } node }:
                _nodes[node] = _nodes[node] with { State = "downloading" };
                break;
            case { Kind: RoundEventKind.Verdict, Verdict: { } verdict }:
                _nodes[verdict.NodeId] = _nodes[verdict.NodeId] with { State = verdict.Kind.ToString(), Samples = verdict.SampleCount };
                break;
        }
    });

    public void Reported(NodeMetric metric) => Change(() =>
    {
        if (_nodes.TryGetValue(metric.NodeId, out NodeRow? row) && metric.Message.Metrics.TryGetValue("Loss", out double loss))
        {
            _nodes[metric.NodeId] = row with { Loss = loss };
        }
    });

    public void RoundEnded(RoundResult round, Score score) =>
        Change(() => _score = $"after round {round.Round + 1}: loss {score.Loss:0.0000}, accuracy {score.Accuracy:0.0%}, {round.Timings.Total.TotalMilliseconds:0} ms");

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
        Table table = new Table().RoundedBorder().Title(Markup.Escape($"{_round}")).Caption(Markup.Escape($"{_score}\n{_header}"));
        table.AddColumns("node", "state", "loss of its last batch", "samples");
        foreach ((string node, NodeRow row) in _nodes)
        {
            table.AddRow(Markup.Escape(node), row.State, row.Loss?.ToString("0.0000") ?? "-", row.Samples?.ToString() ?? "-");
        }

        return table;
    }

    private sealed record NodeRow(string State, double? Loss, long? Samples);
}
