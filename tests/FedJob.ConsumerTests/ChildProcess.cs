using System.Diagnostics;
using System.Text;

namespace FedJob.ConsumerTests;

/// <summary>Runs a command to its end, or ends it, with its children, when its time is over.</summary>
internal static class ChildProcess
{
    /// <summary>Generous: a cold machine restores and compiles in it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <summary>Runs dotnet and returns what it printed; fails the test with that when the exit code is not 0.</summary>
    public static async Task<string> DotnetAsync(
        string directory, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        Isolate(start.Environment);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var output = new StringBuilder();
        try
        {
            await Task.WhenAll(
                CopyAsync(process.StandardOutput, output, limit.Token),
                CopyAsync(process.StandardError, output, limit.Token),
                process.WaitForExitAsync(limit.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"dotnet {string.Join(' ', start.ArgumentList)} did not end within {Limit}:{Environment.NewLine}{output}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:{Environment.NewLine}{output}");
        return output.ToString();
    }

    /// <summary>Nothing of the build that runs these tests may leak into the one they start, and no build server may outlive it.</summary>
    private static void Isolate(IDictionary<string, string?> environment)
    {
        foreach (string name in environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            environment.Remove(name);
        }

        environment["MSBUILDDISABLENODEREUSE"] = "1";
        environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        environment["UseSharedCompilation"] = "false";
        environment["DOTNET_NOLOGO"] = "1";
        environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
    }

    private static async Task CopyAsync(StreamReader from, StringBuilder to, CancellationToken cancellationToken)
    {
        while (await from.ReadLineAsync(cancellationToken) is { } line)
        {
            lock (to)
            {
                to.AppendLine(line);
            }
        }
    }
}
