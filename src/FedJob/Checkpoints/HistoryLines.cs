using System.Collections.ObjectModel;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;
using FedJob.Rounds;

namespace FedJob.Checkpoints;

/// <summary>Rounds as lines of a checkpoint.</summary>
internal static class HistoryLines
{
    public static RoundDocument Write(RoundResult round, string parametersName, bool auxiliaryVariables) => new()
    {
        Round = round.Round,
        Outcome = round.Outcome.ToString(),
        Verdicts = [.. round.Verdicts.Select(Write)],
        ParametersName = parametersName,
        ParametersUrl = round.ParametersUrl,
        AuxiliaryVariables = auxiliaryVariables,
        Evaluation = round.Evaluation.Count == 0 ? null : round.Evaluation,
        Timings = new TimingsDocument(round.Timings.Send, round.Timings.Collect, round.Timings.Aggregate, round.Timings.Upload, round.Timings.Total),
        ScreenedUpdates = round.ScreenedUpdates is { Count: > 0 } screened ? screened : null,
    };

    public static RoundResult Read(RoundDocument line, string parametersPath, string? auxiliaryVariablesPath) => new()
    {
        Round = line.Round,
        Outcome = Named<RoundOutcome>(line.Outcome),
        Verdicts = [.. line.Verdicts.Select(Read)],
        ParametersPath = parametersPath,
        ParametersUrl = Absolute(line.ParametersUrl)!,
        AuxiliaryVariablesPath = auxiliaryVariablesPath,
        Evaluation = line.Evaluation ?? ReadOnlyDictionary<string, double>.Empty,
        Timings = new RoundTimings
        {
            Send = line.Timings.Send,
            Collect = line.Timings.Collect,
            Aggregate = line.Timings.Aggregate,
            Upload = line.Timings.Upload,
            Total = line.Timings.Total,
        },
        ScreenedUpdates = [.. (line.ScreenedUpdates ?? []).Select(Read)],
    };

    public static VerdictDocument Write(NodeVerdict verdict) => new()
    {
        NodeId = verdict.NodeId,
        Kind = verdict.Kind.ToString(),
        Reason = verdict.Reason,
        StateId = verdict.StateId,
        ParametersUrl = verdict.ParametersUrl,
        SampleCount = verdict.SampleCount,
        ReplyTime = verdict.ReplyTime,
        TrainingTime = verdict.TrainingTime,
        DownloadTime = verdict.DownloadTime,
        CheckTime = verdict.CheckTime,
        DownloadedBytes = verdict.DownloadedBytes,
    };

    public static NodeVerdict Read(VerdictDocument verdict) => new()
    {
        NodeId = Identifier.Check(verdict.NodeId),
        Kind = Named<VerdictKind>(verdict.Kind),
        Reason = verdict.Reason,
        StateId = verdict.StateId,
        ParametersUrl = Absolute(verdict.ParametersUrl),
        SampleCount = verdict.SampleCount,
        ReplyTime = verdict.ReplyTime,
        TrainingTime = verdict.TrainingTime,
        DownloadTime = verdict.DownloadTime,
        CheckTime = verdict.CheckTime,
        DownloadedBytes = verdict.DownloadedBytes,
    };

    private static ScreenedUpdate Read(ScreenedUpdate? update) => update is null
        ? throw new FormatException("A report of the outlier guard is null.")
        : update with { NodeId = Identifier.Check(update.NodeId) };

    private static T Named<T>(string name)
        where T : struct, Enum =>
        Enum.TryParse(name, ignoreCase: false, out T value) && Enum.IsDefined(value) && value.ToString() == name
            ? value
            : throw new FormatException($"'{name}' is no {typeof(T).Name}.");

    private static Uri? Absolute(Uri? url) => url is null || url.IsAbsoluteUri ? url : throw new FormatException($"'{url}' is no absolute URL.");
}
