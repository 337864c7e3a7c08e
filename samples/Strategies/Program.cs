using System.Diagnostics;
using System.Globalization;
using FedJob.Abstractions;
using Spectre.Console;
using Strategies;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["--help" or "-h"])
{
    Console.WriteLine(Options.Usage);
    return 0;
}

using var interrupt = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupt.Cancel();
};

try
{
    await RunAsync(Options.Parse(args), interrupt.Token);
    return 0;
}
catch (Exception failure) when (failure is FedJobException or ArgumentException or IOException or UnauthorizedAccessException)
{
    string code = failure is FedJobException typed ? typed.Code.ToString() : "wrong input";
    Console.Error.WriteLine($"{code}: {failure.Message.ReplaceLineEndings(" ")}");
    return 1;
}
catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
{
    Console.Error.WriteLine("cancelled");
    return 130;
}

static async Task RunAsync(Options options, CancellationToken cancellationToken)
{
    var watch = Stopwatch.StartNew();
    SkewedData data = await SkewedData.LoadAsync(Settings.DataFile, Settings.Nodes, Settings.TestShare, Settings.Seed, cancellationToken);
    Console.WriteLine($"{Settings.Nodes} nodes: {data.Describe()}. Held out: {data.Test.SampleCount}.");
    Task<IReadOnlyList<Curve>> honest = Comparison.RunAsync(data, poisoned: false, options.Rounds, c => Show("honest", c), cancellationToken);
    Task<IReadOnlyList<Curve>> poisoned = Comparison.RunAsync(data, poisoned: true, options.Rounds, c => Show("hostile", c), cancellationToken);
    await Task.WhenAll(honest, poisoned); // two federations, each with a broker and nodes of its own
    Report.WriteTable(AnsiConsole.Console, await honest, await poisoned);
    Console.WriteLine($"curves: {Report.SavePicture(await honest, await poisoned, options.Picture)}");
    Console.WriteLine($"{2 * Strategy.All.Count} trainings of {options.Rounds} rounds took {watch.Elapsed.TotalSeconds:0.0} s.");

    void Show(string nodes, Curve curve) => Console.WriteLine($"{watch.Elapsed.TotalSeconds,5:0.0} s  {nodes,-8}{curve.Name,-20}{curve.Last.Accuracy,7:0.0%}");
}
