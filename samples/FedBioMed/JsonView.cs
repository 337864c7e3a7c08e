using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Rounds;

namespace FedBioMed;

/// <summary>One JSON object a line, for programs; values that are no number (NaN, infinity) stand as texts.</summary>
internal sealed class JsonView(TextWriter output, TextWriter error) : IProgressView
{
    private static readonly JsonSerializerOptions Format = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly Lock _lock = new();

    public void Found(FederatedDataset data) => Write(new
    {
        @event = "search",
        nodes = data.Datasets.Select(d => new
        {
            node = d.Key,
            dataset = d.Value.DatasetId,
            name = d.Value.Name,
            samples = d.Value.Shape is [var rows, ..] ? rows : (long?)null,
            shape = d.Value.Shape is { } shape ? (object)shape : d.Value.OtherShape,
        }),
    });

    public void Happened(RoundEvent roundEvent)
    {
        // a program is told of results; phases are for people
    }

    public void Reported(NodeMetric metric, int round)
    {
        foreach ((string name, double value) in metric.Message.Metrics)
        {
            Write(new
            {
                @event = "metric",
                node = metric.NodeId,
                round,
                name,
                value,
                epoch = metric.Message.Epoch,
                iteration = metric.Message.Iteration,
                train = metric.Message.Train,
                test = metric.Message.Test,
                testOnLocalUpdates = metric.Message.TestOnLocalUpdates,
                testOnGlobalUpdates = metric.Message.TestOnGlobalUpdates,
                samplesTrained = metric.Message.SamplesTrained,
                totalSamples = metric.Message.TotalSamples,
                batchSamples = metric.Message.BatchSamples,
                batches = metric.Message.BatchCount,
            });
        }
    }

    public void RoundEnded(RoundReport round) => Write(new
    {
        @event = "round",
        round = round.Round,
        training = round.Training,
        outcome = round.Outcome,
        nodes = round.Verdicts.Select(v => new
        {
            node = v.NodeId,
            verdict = v.Kind.ToString(),
            reason = v.Reason,
            sampleCount = v.SampleCount,
            seconds = v.ReplyTime?.TotalSeconds,
            trainingSeconds = v.TrainingTime?.TotalSeconds,
        }),
        metrics = round.Metrics,
        seconds = round.Time.TotalSeconds,
    });

    public void Log(string line)
    {
        lock (_lock)
        {
            error.WriteLine(Failure.OneLine(line));
        }
    }

    public void Ended(RunEnd end)
    {
        var failure = end.Failure is { } f ? new { code = f.Code, message = f.Message } : null;
        Write(new { @event = "end", exitCode = (int)end.ExitCode, rounds = end.Rounds, @out = end.Out, kept = end.Kept, error = failure });
    }

    private void Write<T>(T line)
    {
        string text = JsonSerializer.Serialize(line, Format);
        lock (_lock)
        {
            output.WriteLine(text);
        }
    }
}
