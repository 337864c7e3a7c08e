namespace FedBioMed;

/// <summary>Where results go.</summary>
internal static class OutputFiles
{
    /// <exception cref="UsageException">Nothing can be written there.</exception>
    public static void Check(Arguments arguments)
    {
        if (Directory.Exists(arguments.OutFile))
        {
            throw new UsageException($"--out {arguments.OutFile} is a directory; expected a file");
        }

        try
        {
            using FileStream probe = new(Temporary(arguments.OutFile), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--out {arguments.OutFile} cannot be written: {failure.Message}");
        }

        try
        {
            _ = arguments.WorkDirectory is { } work ? Directory.CreateDirectory(work) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--work {arguments.WorkDirectory} cannot be made: {failure.Message}");
        }
    }

    /// <summary>Copies parameters to where they should go, first under a temporary name, so that no half-written file is ever seen there.</summary>
    public static string Write(string parameters, string target)
    {
        string temporary = Temporary(target);
        try
        {
            File.Copy(parameters, temporary);
            File.Move(temporary, target, overwrite: true);
            return target;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string Temporary(string target)
    {
        string path = Path.GetFullPath(target);
        return Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
    }
}
