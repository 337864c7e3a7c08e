using System.Diagnostics;
using System.Globalization;
using Checkpoints;
using FedJob;
using FedJob.Abstractions;
using FedJob.Node.Datasets;
using FedJob.Testing;
using FedJob.TrainingPlans;

// What a checkpoint costs beside copying the model's file and flushing the copy, on the same disk in the same run.
// Usage: Checkpoints [megabytes of the model = 100] [rounds of measuring = 7] [directory = a temporary one]
int megabytes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100;
int repeats = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 7;
string directory = args.Length > 2 ? Directory.CreateDirectory(args[2]).FullName : Directory.CreateTempSubdirectory("fedjob-benchmark-").FullName;
try
{
    var local = new LocalNode("node")
    {
        Datasets = { new NodeDataset { Data = new TabularDataset("numbers", [DatasetColumn.FromNumbers("x", [1.0])]), Tags = ["numbers"] } },
    };
    await using LocalFederation federation = await LocalFederation.StartAsync(new LocalFederationOptions { Nodes = { local } });
    await using FedJobClient client = await FedJobClient.ConnectAsync(federation.ClientOptions);
    await using Job job = await client.CreateJobAsync(await OptionsAsync(client));

    List<double> copies = [];
    List<double> checkpoints = [];
    long most = 0;
    for (int i = -1; i < repeats; i++)
    {
        double copy = Measure(() => CopyAndFlush(job.ParametersPath, Path.Combine(directory, "copy.mpk")));
        var watch = new MemoryWatch();
        long began = Stopwatch.GetTimestamp();
        string saved = await job.SaveCheckpointAsync(Path.Combine(directory, $"checkpoint-{i + 1}"));
        double checkpoint = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await watch.DisposeAsync();
        Directory.Delete(saved, recursive: true);
        File.Delete(Path.Combine(directory, "copy.mpk"));
        if (i < 0)
        {
            continue; // the first run compiles
        }

        copies.Add(copy);
        checkpoints.Add(checkpoint);
        most = Math.Max(most, watch.PeakBytes - watch.IdleBytes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"copy and flush {copy,7:0} ms, checkpoint {checkpoint,7:0} ms"));
    }

    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"model of {megabytes} MB, medians: copy and flush {Median(copies):0} ms, checkpoint {Median(checkpoints):0} ms, ratio {Median(checkpoints) / Median(copies):0.00}; memory above idle {most / 1e6:0} MB"));
}
finally
{
    Directory.Delete(directory, recursive: true);
}

async Task<JobOptions> OptionsAsync(FedJobClient client)
{
    // A plan that only nodes can run: nothing of the model stays in this process.
    string plan = Path.Combine(directory, "plan.py");
    await File.WriteAllTextAsync(plan, "class Plan:\n    pass\n");
    var parameters = new ModelParameters();
    var random = new Random(1);
    for (int i = 0; i < 10; i++)
    {
        float[] weights = new float[megabytes * 25_000];
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(weights.AsSpan()));
        parameters[$"layer{i}"] = ParameterTensor.FromArray(Array.ConvertAll(weights, w => float.IsFinite(w) ? w : 0));
    }

    return new JobOptions
    {
        TrainingPlan = TrainingPlanSource.FromPythonModule(plan, "Plan", parameters),
        Data = await client.Requests.SearchAsync(["numbers"]),
        TrainingArgs = new TrainingArgs { Epochs = 1 },
    };
}

static double Measure(Action work)
{
    long began = Stopwatch.GetTimestamp();
    work();
    return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
}

static void CopyAndFlush(string from, string to)
{
    using FileStream source = File.OpenRead(from);
    using var copy = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
    source.CopyTo(copy, 1 << 20);
    copy.Flush(flushToDisk: true);
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
