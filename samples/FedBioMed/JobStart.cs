using System.Security.Cryptography;
using FedJob;
using FedJob.Journal;
using FedJob.Nodes;
using FedJob.Rounds;
using FedJob.TrainingPlans;

namespace FedBioMed;

/// <summary>Makes the job of a run, or takes up the one of an earlier run.</summary>
internal static class JobStart
{
    /// <summary>Where files stay, unless said otherwise: in the work directory of the run that goes on.</summary>
    public static Arguments Complete(Arguments arguments) =>
        arguments is { WorkDirectory: null, ResumeDirectory: { } earlier } && JobStore.HasJob(earlier) ? arguments with { WorkDirectory = earlier } : arguments;

    /// <summary>A new job must not be mixed with another.</summary>
    /// <exception cref="UsageException">The work directory holds the job of an earlier run.</exception>
    public static void CheckUnused(Arguments arguments)
    {
        if (arguments is { ResumeDirectory: null, WorkDirectory: { } work } && JobStore.HasJob(work))
        {
            throw new UsageException($"--work {work} holds the job of an earlier run; go on with it by --resume {work}, or name another directory");
        }
    }

    public static async Task<Job> StartAsync(
        FedJobClient client, Arguments arguments, InputFiles inputs, RoundPolicy policy, IProgressView view, CancellationToken cancellationToken)
    {
        FederatedDataset? data = arguments.Tags is null ? null : await NodeSearch.FindAsync(client.Requests, arguments, cancellationToken);
        if (arguments.ResumeDirectory is { } directory)
        {
            return await ResumeAsync(client, directory, arguments, inputs, data, policy, view, cancellationToken);
        }

        view.Found(data!);
        return await client.CreateJobAsync(
            new JobOptions
            {
                TrainingPlan = TrainingPlanSource.FromPythonModule(arguments.PlanFile!, arguments.ClassName!, inputs.Initial!),
                Data = data!,
                TrainingArgs = inputs.TrainingArgs!,
                ModelArgs = inputs.ModelArgs,
                RoundPolicy = policy,
                Aggregator = arguments.Rule.Make(),
                WorkDirectory = arguments.WorkDirectory,
            },
            cancellationToken);
    }

    private static async Task<Job> ResumeAsync(
        FedJobClient client,
        string directory,
        Arguments arguments,
        InputFiles inputs,
        FederatedDataset? data,
        RoundPolicy policy,
        IProgressView view,
        CancellationToken cancellationToken)
    {
        Job job = await client.ResumeJobAsync(
            directory,
            new ResumeOptions { Data = data, RoundPolicy = policy, Aggregator = arguments.Rule.Make(), WorkDirectory = arguments.WorkDirectory },
            cancellationToken);
        try
        {
            await CheckPlanAsync(job, arguments, cancellationToken);
            job.TrainingArgs = inputs.TrainingArgs ?? job.TrainingArgs;
            view.Found(job.Data);
            return job;
        }
        catch
        {
            await job.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="UsageException">The plan given is not the job's.</exception>
    private static async Task CheckPlanAsync(Job job, Arguments arguments, CancellationToken cancellationToken)
    {
        if (arguments.ClassName is { } name && name != job.TrainingPlanName)
        {
            throw new UsageException($"--class is '{name}', but the job to go on with trains '{job.TrainingPlanName}'; leave --class out, or start a new job");
        }

        if (arguments.PlanFile is { } plan
            && Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(plan, cancellationToken))) is var digest && digest != job.TrainingPlanSha256)
        {
            throw new UsageException(
                $"--plan {plan} has SHA-256 {digest}, the plan of the job to go on with {job.TrainingPlanSha256}; leave --plan out, or start a new job");
        }
    }
}
