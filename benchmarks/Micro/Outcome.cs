using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Reports;

namespace FedJob.Benchmarks.Micro;

/// <summary>Whether benchmarks did what they should, which BenchmarkDotNet itself only prints.</summary>
internal static class Outcome
{
    /// <summary>What failed, one line each: a benchmark that threw, or a class that could not be run.</summary>
    public static IEnumerable<string> FailuresOf(IReadOnlyCollection<Summary> summaries)
    {
        IEnumerable<string> invalid = summaries.SelectMany(s => s.ValidationErrors).Where(e => e.IsCritical).Select(e => e.Message);
        IEnumerable<string> failed = summaries
            .SelectMany(s => s.BenchmarksCases.Where(b => s[b] is not { Success: true }))
            .Select(b => b.DisplayInfo);
        return invalid.Concat(failed);
    }

    /// <summary>The benchmarks of this program that no run succeeded with.</summary>
    public static IEnumerable<string> MissingFrom(IReadOnlyCollection<Summary> summaries)
    {
        var done = summaries
            .SelectMany(s => s.Reports.Where(r => r.Success))
            .Select(r => r.BenchmarkCase.Descriptor.WorkloadMethod)
            .ToHashSet();
        return typeof(Outcome).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods())
            .Where(m => m.IsDefined(typeof(BenchmarkAttribute), inherit: false) && !done.Contains(m))
            .Select(m => $"{m.DeclaringType!.Name}.{m.Name} was not run");
    }
}
