using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using FedJob.Benchmarks.Micro;

// --smoke runs every benchmark once; everything else is BenchmarkDotNet's: --filter, --job, --list, --help.
bool smoke = args is ["--smoke"];
var log = new AccumulationLogger();
Summary[] summaries = smoke
    ? BenchmarkRunner.Run(typeof(Settings).Assembly, Settings.Smoke(log))
    : [.. BenchmarkSwitcher.FromAssembly(typeof(Settings).Assembly).Run(args, Settings.Measured())];
string[] failures = [.. Outcome.FailuresOf(summaries), .. smoke ? Outcome.MissingFrom(summaries) : []];
if (failures.Length > 0)
{
    Console.Write(log.GetLog());
    Console.Error.WriteLine(string.Join(Environment.NewLine, failures.Select(f => $"failed: {f}")));
    return 1;
}

if (smoke)
{
    Console.WriteLine($"{summaries.Sum(s => s.Reports.Length)} benchmarks ran once");
}

return 0;
