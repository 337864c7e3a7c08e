using System.Diagnostics;
using FedJob.Abstractions;
using FedJob.Benchmarks.Rounds;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    Options options = Options.Parse(args);
    if (options.Help)
    {
        Console.WriteLine(Options.Usage);
        return 0;
    }

    if (options.AsNodes)
    {
        await InstantNodes.RunAsync(options, stop.Token);
        return 0;
    }

    await using Surroundings surroundings = await Surroundings.StartAsync(options, stop.Token);
    using Process? nodes = options.Tags is null ? await InstantNodes.StartProcessAsync(options, surroundings, stop.Token) : null;
    try
    {
        Report report = await Measurement.RunAsync(options, surroundings, stop.Token);
        if (options.Json)
        {
            report.PrintJson(Console.Out);
        }
        else
        {
            report.Print(Console.Out);
        }
    }
    finally
    {
        nodes?.StandardInput.Close();
        if (nodes?.WaitForExit(TimeSpan.FromSeconds(20)) == false)
        {
            nodes.Kill();
        }
    }

    return 0;
}
catch (Exception failure) when (failure is ArgumentException or FedJobException or InvalidOperationException)
{
    Console.Error.WriteLine($"error: {failure.Message.ReplaceLineEndings(" ")}");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
