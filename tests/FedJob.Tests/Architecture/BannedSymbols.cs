using Microsoft.CodeAnalysis;

namespace FedJob.Tests.Architecture;

/// <summary>The list the analyzer enforces in src: it holds what the house rules ban, and every line names something that exists.</summary>
internal static class BannedSymbols
{
    /// <summary>Time beside TimeProvider, chance beside a seeded generator, blocking, and the process's own console and end.</summary>
    private static readonly string[] Required =
    [
        "T:System.Console",
        "M:System.Environment.Exit(System.Int32)",
        "P:System.DateTime.Now",
        "P:System.DateTime.UtcNow",
        "P:System.DateTimeOffset.Now",
        "P:System.DateTimeOffset.UtcNow",
        "P:System.Environment.TickCount64",
        "T:System.Diagnostics.Stopwatch",
        "P:System.Random.Shared",
        "M:System.Random.#ctor",
        "M:System.Threading.Thread.Sleep(System.Int32)",
        "M:System.Threading.Thread.Sleep(System.TimeSpan)",
        "M:System.Threading.Tasks.Task.Delay(System.Int32)",
        "M:System.Threading.Tasks.Task.Delay(System.Int32,System.Threading.CancellationToken)",
        "M:System.Threading.Tasks.Task.Delay(System.TimeSpan)",
        "M:System.Threading.Tasks.Task.Delay(System.TimeSpan,System.Threading.CancellationToken)",
        "M:System.Threading.CancellationTokenSource.#ctor(System.Int32)",
        "M:System.Threading.CancellationTokenSource.#ctor(System.TimeSpan)",
        "M:System.Threading.PeriodicTimer.#ctor(System.TimeSpan)",
        "M:System.Threading.Tasks.Task.WaitAsync(System.TimeSpan)",
        "M:System.Threading.Tasks.Task.Wait",
        "P:System.Threading.Tasks.Task`1.Result",
    ];

    public static IEnumerable<string> Violations(string list)
    {
        string[] lines = list.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] ids = [.. lines.Select(l => l.Split(';', 2)[0])];
        Compilation compilation = References.Compile("Sample", []);
        return Required.Except(ids).Select(id => $"{id} is not banned")
            .Concat(lines.Where(l => l.Split(';', 2) is not [_, { Length: > 0 }]).Select(l => $"{l} does not say what to use instead"))
            .Concat(ids.Where(id => DocumentationCommentId.GetFirstSymbolForDeclarationId(id, compilation) is null).Select(id => $"{id} names nothing"));
    }
}
