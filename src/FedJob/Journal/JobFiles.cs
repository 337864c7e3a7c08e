using FedJob.Protocol.Parameters;
using FedJob.Rounds;
using Microsoft.Extensions.Logging;

namespace FedJob.Journal;

/// <summary>The files beside a journal that it names: state too large for a row, and what a process left behind that was ended before it could name it.</summary>
internal static partial class JobFiles
{
    /// <summary>How names begin that only jobs give files in their directory.</summary>
    private static readonly string[] Beginnings = ["aggregated_params_", "best_parameters_", "auxiliary_variables_received_", AggregatorState, SamplerState];

    public const string AggregatorState = "aggregator_state_";

    public const string SamplerState = "sampler_state_";

    /// <summary>Writes values into a new file; nothing is written where there are none.</summary>
    /// <returns>The bare name; <see langword="null"/> without values.</returns>
    public static async Task<string?> WriteValuesAsync(string directory, string beginning, ParameterMap values, CancellationToken cancellationToken)
    {
        if (values.Count == 0)
        {
            return null;
        }

        string name = $"{beginning}{Guid.NewGuid():D}.mpk";
        await ParameterFileWriter.WriteAsync(Path.Combine(directory, name), values, cancellationToken).ConfigureAwait(false);
        return name;
    }

    /// <summary>Makes what was written to a file survive the loss of power.</summary>
    public static void FlushToDisk(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Removes files and folders of this job that nothing names: a process that was killed wrote them.</summary>
    public static void RemoveOrphans(string directory, JournalledJob job, ILogger logger)
    {
        var named = new HashSet<string>(StringComparer.Ordinal) { job.Job.Document.ParametersName };
        named.UnionWith(job.History.Select(h => h.ParametersName));
        named.UnionWith(new[] { job.Job.BestParameters, job.Job.AuxiliaryVariables, job.Job.AggregatorState, job.Job.SamplerState }.OfType<string>());
        named.UnionWith((job.Job.Document.ReplyFiles ?? new Dictionary<string, string>(StringComparer.Ordinal)).Values.Select(f => f.Split('/')[0]));
        if (job.Open is { } open)
        {
            named.Add(NodeFiles.FolderOf(job.Job.Document.JobId, open.Round));
        }

        foreach (string path in Directory.EnumerateFiles(directory).Where(p => Array.Exists(Beginnings, b => Path.GetFileName(p).StartsWith(b, StringComparison.Ordinal))))
        {
            Remove(path, named, File.Delete, logger);
        }

        string spare = Path.Combine(directory, SpareFiles.FolderOf(job.Job.Document.JobId));
        foreach (string path in Directory.EnumerateDirectories(directory, $"{job.Job.Document.JobId}-round-*").Append(spare).Where(Directory.Exists))
        {
            Remove(path, named, p => Directory.Delete(p, recursive: true), logger);
        }
    }

    private static void Remove(string path, HashSet<string> named, Action<string> delete, ILogger logger)
    {
        if (named.Contains(Path.GetFileName(path)))
        {
            return;
        }

        try
        {
            delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotRemoved(logger, path, failure.Message);
        }
    }

    [LoggerMessage(1053, LogLevel.Warning, "{Path}, which a process that was ended left behind, could not be removed: {Reason}")]
    private static partial void LogNotRemoved(ILogger logger, string path, string reason);
}
