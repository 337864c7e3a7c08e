using System.Diagnostics;
using System.Globalization;
using FedJob.IntegrationTests.Storage;
using FedJob.Testing;
using FedJob.Testing.Faults;

namespace FedJob.IntegrationTests.Faults;

/// <summary>The researcher that is made to die, as a child process that cannot outlive its test; what it prints is read line by line.</summary>
internal sealed class ResearcherChild : IDisposable
{
    /// <summary>128 and the number of SIGKILL.</summary>
    private const int Killed = 137;

    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly List<string> _lines = [];

    private ResearcherChild(Process process) => (_process, _error) = (process, process.StandardError.ReadToEndAsync());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts it on a job's directory in a scratch directory.</summary>
    public static ResearcherChild Start(LocalFederation federation, ScratchDirectory scratch, params string[] more) => Start(federation, scratch, null, more);

    /// <summary>Runs it to its end under a cap of memory.</summary>
    public static async Task<ResearcherEnd> RunAsync(LocalFederation federation, ScratchDirectory scratch, MemoryCap cap, params string[] more)
    {
        using ResearcherChild child = Start(federation, scratch, cap, more);
        return await child.EndAsync();
    }

    private static ResearcherChild Start(LocalFederation federation, ScratchDirectory scratch, MemoryCap? cap, string[] more)
    {
        // artifacts/bin/<this project>/<configuration>/ -> artifacts/bin/CrashResearcher/<configuration>/
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        string program = Path.Combine(here.Parent!.Parent!.FullName, "CrashResearcher", here.Name, "CrashResearcher.dll");
        string[] arguments =
        [
            program, "--directory", scratch.PathOf("job"), "--checkpoints", scratch.PathOf("checkpoints"),
            "--broker-port", federation.ClientOptions.Broker.Port.ToString(CultureInfo.InvariantCulture), "--repository", $"{federation.Repository.Address}", .. more,
        ];
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(cap is null ? host : MemoryCap.Shell, cap is null ? arguments : [.. cap.Before, host, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["DOTNET_TieredPGO"] = "0", ["DOTNET_TC_QuickJitForLoops"] = "1" },
        };
        if (cap is not null)
        {
            start.Environment["DOTNET_GCHeapHardLimit"] = cap.Heap;
        }

        return new ResearcherChild(Process.Start(start)!);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<ResearcherEnd> RunAsync(LocalFederation federation, ScratchDirectory scratch, params string[] more)
    {
        using ResearcherChild child = Start(federation, scratch, more);
        return await child.EndAsync();
    }

    /// <summary>Waits for a line that begins so.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        while (await _process.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(TestTimeouts.Default, Token) is { } line)
        {
            _lines.Add(line);
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"No line '{beginning}'. It said:\n{string.Join('\n', _lines)}\n{await _error}");
    }

    public async Task<ResearcherEnd> EndAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TestTimeouts.Default * 2);
        while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            _lines.Add(line);
        }

        await _process.WaitForExitAsync(limit.Token);
        return new ResearcherEnd(_process.ExitCode, _process.ExitCode == Killed, [.. _lines], await _error);
    }

    /// <summary>Sends a signal: <c>STOP</c>, <c>CONT</c> or <c>KILL</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(Token).WaitAsync(TestTimeouts.Default, Token);
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

/// <summary>How a researcher ended, and what it said.</summary>
internal sealed record ResearcherEnd(int ExitCode, bool WasKilled, IReadOnlyList<string> Lines, string Error)
{
    public string? Sha256 => After("sha256 ").LastOrDefault();

    /// <summary>The job's id, once there was one.</summary>
    public string? Job => After("made ").Concat(After("resumed ").Select(l => l.Split(' ')[0])).FirstOrDefault();

    /// <summary>The round it went on with.</summary>
    public int? ResumedAt => After("resumed ").Select(l => (int?)int.Parse(l.Split(' ')[1], CultureInfo.InvariantCulture)).FirstOrDefault();

    public int? LastBegun => After("begins ").Select(l => (int?)int.Parse(l, CultureInfo.InvariantCulture)).LastOrDefault();

    public int? LastEnded => After("ended ").Select(l => (int?)int.Parse(l.Split(' ')[0], CultureInfo.InvariantCulture)).LastOrDefault();

    public IReadOnlyList<CrashPoint> Points =>
        [.. After("point ").Select(l => l.Split(' ', 3)).Select(p => new CrashPoint(Number(p[0]), Number(p[1]), p[2]))];

    /// <summary>The most memory it had at once, in bytes: its own, and pages of mapped files.</summary>
    public (long Own, long Mapped) PeakMemory => After("memory ").Select(l => l.Split(' '))
        .Select(p => (long.Parse(p[0], CultureInfo.InvariantCulture), long.Parse(p[1], CultureInfo.InvariantCulture))).Single();

    public override string ToString() => $"exit code {ExitCode}\n{string.Join('\n', Lines)}\n{Error}";

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private IEnumerable<string> After(string beginning) =>
        Lines.Where(l => l.StartsWith(beginning, StringComparison.Ordinal)).Select(l => l[beginning.Length..]);
}
