using System.Diagnostics;
using System.Globalization;

namespace FedJob.IntegrationTests.Samples;

/// <summary>The built command-line researcher as a child process that cannot outlive its test.</summary>
internal sealed class ResearcherProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private ResearcherProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public static ResearcherProcess Start(IEnumerable<string> arguments)
    {
        // artifacts/bin/<this project>/<configuration>/ -> artifacts/bin/FedBioMed/<configuration>/
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        string program = Path.Combine(here.Parent!.Parent!.FullName, "FedBioMed", here.Name, "FedBioMed.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return new ResearcherProcess(Process.Start(start)!);
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(IEnumerable<string> arguments)
    {
        using var researcher = Start(arguments);
        return await researcher.EndAsync();
    }

    /// <summary>Whether this process ignores SIGINT, as what a shell starts in the background does: its children then do too, and no Ctrl-C reaches them.</summary>
    public static bool InheritsIgnoredInterrupt()
    {
        const ulong Interrupt = 1UL << (2 - 1);
        string? mask = File.Exists("/proc/self/status")
            ? File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal))?["SigIgn:".Length..].Trim()
            : null;
        return mask is not null && (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & Interrupt) != 0;
    }

    /// <summary>Waits for the end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
        return (_process.ExitCode, await _output, await _error);
    }

    /// <summary>Sends a signal: <c>INT</c> or <c>TERM</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
