using System.Globalization;
using FedJob;

namespace FedBioMed;

/// <summary>
/// The checkpoints of a run in its work directory: one after every committed round, of which only the last stays. A process that is killed leaves the last
/// one whole; the round that was running starts anew.
/// </summary>
internal sealed class JobCheckpoints(string? workDirectory)
{
    private const string Folder = "checkpoints";
    private const string Prefix = "round-";

    private readonly string? _folder = workDirectory is null ? null : Path.Combine(workDirectory, Folder);

    /// <summary>What lies in a directory to go on with: the last checkpoint of a work directory, or the directory itself.</summary>
    public static string Find(string directory) => Newest(Path.Combine(directory, Folder)) ?? directory;

    /// <summary>Where files stay, unless said otherwise: in the work directory of the run that goes on.</summary>
    public static Arguments Complete(Arguments arguments) =>
        arguments is { WorkDirectory: null, ResumeDirectory: { } earlier } && Newest(Path.Combine(earlier, Folder)) is not null
            ? arguments with { WorkDirectory = earlier }
            : arguments;

    /// <summary>A new job must not mix its checkpoints with those of another.</summary>
    /// <exception cref="UsageException">The work directory holds the checkpoints of an earlier run.</exception>
    public void CheckUnused()
    {
        if (_folder is not null && Newest(_folder) is { } earlier)
        {
            throw new UsageException(
                $"--work {workDirectory} holds the checkpoint {Path.GetFileName(earlier)} of an earlier run; go on with it by --resume {workDirectory}, or name another directory");
        }
    }

    /// <summary>Saves the job between two rounds, then lets earlier checkpoints go; without a work directory nothing is saved.</summary>
    public async Task SaveAsync(Job job, CancellationToken cancellationToken)
    {
        if (_folder is null)
        {
            return;
        }

        string target = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{job.Round:D6}"));
        if (!Directory.Exists(target))
        {
            await job.SaveCheckpointAsync(target, cancellationToken: cancellationToken);
        }

        foreach (string earlier in All(_folder).Where(c => c != target))
        {
            Directory.Delete(earlier, recursive: true);
        }
    }

    private static string? Newest(string folder) => All(folder).Max(StringComparer.Ordinal);

    /// <summary>Unfinished ones of a killed process have another ending, and do not count.</summary>
    private static IEnumerable<string> All(string folder) => !Directory.Exists(folder) ? [] : Directory.EnumerateDirectories(folder, Prefix + "*")
        .Where(c => Path.GetFileName(c)[Prefix.Length..].All(char.IsAsciiDigit));
}
