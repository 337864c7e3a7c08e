using FedJob;
using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;
using FedJob.Rounds;
using Microsoft.Extensions.Logging;

namespace FedBioMed;

/// <summary>The training: connect, search, make the job, run its rounds, write the parameters.</summary>
internal sealed class ResearcherRun(Arguments arguments, InputFiles inputs, IProgressView view, ILoggerFactory loggers)
{
    /// <summary>How long nodes beyond the minimum are waited for.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>How many training rounds were committed.</summary>
    public int RoundsDone { get; private set; }

    /// <summary>After a failure, where the parameters of the last committed round are.</summary>
    public string? Kept { get; private set; }

    /// <summary>After a failure, the work directory that a later run goes on with.</summary>
    public string? ResumeFrom { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        JobStart.CheckUnused(arguments);
        await using FedJobClient client = await FedJobClient.ConnectAsync(ClientOptions(), loggers, cancellationToken: cancellationToken);
        await using Job job = await JobStart.StartAsync(client, arguments, inputs, Policy(), view, cancellationToken);
        await using var watch = new JobWatch(job, view);
        try
        {
            await RunRoundsAsync(job, watch, cancellationToken);
            OutputFiles.Write(job.ParametersPath, arguments.OutFile);
        }
        catch when (job.Round > 0 || arguments.WorkDirectory is not null)
        {
            ResumeFrom = arguments.WorkDirectory;
            Kept = arguments.WorkDirectory is null
                ? OutputFiles.Write(job.ParametersPath, $"{arguments.OutFile}.after-{job.Round}-rounds")
                : job.ParametersPath;
            throw;
        }
    }

    private async Task RunRoundsAsync(Job job, JobWatch watch, CancellationToken cancellationToken)
    {
        RoundsDone = job.Round;
        while (job.Round < arguments.Rounds)
        {
            await watch.RunRoundAsync(new RoundRequest(), cancellationToken);
            RoundsDone = job.Round;
        }

        if (arguments.ValidateLast)
        {
            TrainingArgs args = job.TrainingArgs;
            job.TrainingArgs = args with { TestOnGlobalUpdates = true, TestRatio = args.TestRatio > 0 ? args.TestRatio : 1 };
            await watch.RunRoundAsync(new RoundRequest { Training = false }, cancellationToken);
        }
    }

    private FedJobClientOptions ClientOptions() => new()
    {
        Broker = new BrokerOptions { Host = arguments.BrokerHost, Port = arguments.BrokerPort },
        Repository = new RepositoryOptions { Address = arguments.Repository },
    };

    private RoundPolicy Policy()
    {
        RoundPolicy policy = new();
        policy = policy with { Deadline = arguments.Deadline ?? policy.Deadline };
        return arguments.MinimumReplies is not { } replies ? policy : policy with
        {
            MinimumReplies = Quorum.Count(replies),
            Grace = Grace < policy.Deadline ? Grace : policy.Deadline,
        };
    }
}
