using System.Diagnostics;
using System.Globalization;
using FedJob.Abstractions;
using QuickStart;
using Spectre.Console;

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
    PenguinData data = await PenguinData.LoadAsync(Settings.DataFile, Settings.TestShare, Settings.Seed, cancellationToken);
    Console.WriteLine(
        $"Palmer penguins: {data.Pooled.SampleCount} to train on, {data.Test.SampleCount} held out; one node for each of {data.Islands.Count} islands.");

    Curve federated = await ShowAsync(options, view => FederatedTraining.RunAsync(options, data, view, cancellationToken));
    List<Curve> curves = [];
    foreach ((string island, TabularDataset penguins) in data.Islands)
    {
        curves.Add(await Baselines.TrainAsync(options, $"{island} alone", penguins, data.Test, cancellationToken));
    }

    curves.Add(await Baselines.TrainAsync(options, "pooled", data.Pooled, data.Test, cancellationToken));
    curves.Add(federated);
    Report.WriteTable(AnsiConsole.Console, curves, data.Test.SampleCount);
    Console.WriteLine($"curves: {Report.SavePicture(curves, options.Picture)}");
    Console.WriteLine(
        $"{options.Rounds} rounds and the baselines took {watch.Elapsed.TotalSeconds:0.0} s; peak memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB.");
}

static async Task<Curve> ShowAsync(Options options, Func<IRoundView, Task<Curve>> run) => Console.IsOutputRedirected
    ? await run(new PlainView(Console.Out))
    : await AnsiConsole.Live(new Text("starting")).StartAsync(display => run(new LiveView(display, options.Rounds)));
