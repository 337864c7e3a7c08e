using FedJob.Abstractions;
using FedJob.Benchmarks.Parameters;

try
{
    Options options = Options.Parse(args);
    if (options.Help)
    {
        Console.WriteLine(Options.Usage);
        return 0;
    }

    DirectoryInfo directory = Directory.CreateDirectory(Path.Combine(options.Directory, $"fedjob_bench_{Guid.NewGuid():N}"));
    try
    {
        await AggregationFigures.RunAsync(options, directory.FullName, Console.Out);
        await FileFigures.RunAsync(options, directory.FullName, Console.Out);
        MessageFigures.Run(Console.Out);
    }
    finally
    {
        directory.Delete(recursive: true);
    }

    return 0;
}
catch (Exception failure) when (failure is ArgumentException or FedJobException or InvalidOperationException)
{
    Console.Error.WriteLine($"error: {failure.Message.ReplaceLineEndings(" ")}");
    return 1;
}
