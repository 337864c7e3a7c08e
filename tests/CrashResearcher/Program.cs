using System.Security.Cryptography;
using CrashResearcher;
using FedJob;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Journal;
using FedJob.Rounds;
using FedJob.Testing.Faults;
using FedJob.TestPlans;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;

// A researcher that is made to die: it makes a job in a directory, or goes on with the one there, runs all its rounds, and says what came of it.
var arguments = new Arguments(args);
using var points = new CrashPoints(new CrashPointsOptions
{
    CrashAt = arguments.CrashAt,
    EventIds = arguments.Event is { } one ? new HashSet<int> { one } : new HashSet<int>(),
});
using ILoggerFactory loggers = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(points));
var options = new FedJobClientOptions { Broker = { Host = "127.0.0.1", Port = arguments.Port }, Repository = { Address = arguments.Repository } };
options.Broker.KeepAlive = TimeSpan.FromSeconds(5);
using MemoryWatch? memory = arguments.WatchMemory ? new MemoryWatch() : null;
try
{
    await using FedJobClient client = await FedJobClient.ConnectAsync(options, loggers);
    await using Job job = await OpenAsync(client);
    while (true)
    {
        string checkpoint = Path.Combine(arguments.Checkpoints, $"round-{job.Round}");
        if ((job.Round == arguments.Rounds || job.Round == arguments.Rounds / 2) && !Directory.Exists(checkpoint))
        {
            await job.SaveCheckpointAsync(checkpoint);
        }

        if (job.Round >= arguments.Rounds)
        {
            break;
        }

        Console.WriteLine($"begins {job.Round}");
        RoundResult result = await job.RunRoundAsync(new RoundRequest());
        Console.WriteLine($"ended {result.Round} {string.Join(' ', result.Verdicts.Select(v => $"{v.NodeId}:{v.Kind}"))}");
    }

    using ModelParameters parameters = job.OpenParameters();
    using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    foreach ((string name, ParameterTensor tensor) in parameters)
    {
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
        hash.AppendData(tensor.GetBytes(0, (int)tensor.ByteCount).ToArray());
    }

    Console.WriteLine($"sha256 {Convert.ToHexStringLower(hash.GetHashAndReset())}");
    if (memory is not null)
    {
        Console.WriteLine($"memory {memory.PeakAnonymous} {memory.PeakMapped}");
    }

    foreach (CrashPoint point in arguments.List ? points.Reached : [])
    {
        Console.WriteLine($"point {point.Number} {point.EventId} {point.Template}");
    }

    return 0;
}
catch (JournalException refused)
{
    Console.WriteLine($"refused {refused.Code}");
    Console.Error.WriteLine(refused);
    return 3;
}

async Task<Job> OpenAsync(FedJobClient client)
{
    var policy = new RoundPolicy { Deadline = arguments.Deadline, PingInterval = TimeSpan.FromSeconds(1) };
    if (File.Exists(Path.Combine(arguments.Directory, "journal.db")))
    {
        try
        {
            Job resumed = await client.ResumeJobAsync(
                arguments.Directory, new ResumeOptions { Aggregator = new FedAvgM { Momentum = 0.9 }, RoundPolicy = policy });
            Console.WriteLine($"resumed {resumed.Id} {resumed.Round} {(resumed.HasOpenRound ? "open" : "closed")}");
            return resumed;
        }
        catch (JournalException unborn) when (unborn.Code == FedJobErrorCode.JournalInvalid && unborn.Message.Contains("holds no job", StringComparison.Ordinal))
        {
            // Killed before there was a job: it is made now.
        }
    }

    Job made = await client.CreateJobAsync(new JobOptions
    {
        TrainingPlan = arguments.Module is { } module
            ? TrainingPlanSource.FromPythonModule(module, "MeanPlan", new ModelParameters
            {
                ["mean"] = arguments.Values is { } values
                    ? ParameterTensor.FromMemory<float>(new float[values], [values], TensorKind.TorchTensor)
                    : ParameterTensor.FromMemory<double>(new[] { 100.0 }, [1], TensorKind.TorchTensor),
            })
            : TrainingPlanSource.FromType<DriftPlan>(),
        Data = await client.Requests.SearchAsync([arguments.Tag]),
        TrainingArgs = new TrainingArgs { Epochs = 1, BatchSize = 4, RandomSeed = 7 },
        Aggregator = new FedAvgM { Momentum = 0.9 },
        RoundPolicy = policy,
        Seed = 11,
        WorkDirectory = arguments.Directory,
    });
    Console.WriteLine($"made {made.Id}");
    return made;
}
