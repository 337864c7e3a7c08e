using System.Security.Cryptography;
using FedJob.Abstractions;
using FedJob.Checkpoints;
using FedJob.Journal;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;
using FedJob.Rounds;
using FedJob.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob;

/// <summary>What a job has before its first round: the plan, uploaded, and the initial parameters, uploaded.</summary>
internal sealed record JobStart
{
    public required string JobId { get; init; }

    public required PreparedPlan Plan { get; init; }

    public required string PlanFile { get; init; }

    public required Uri PlanUrl { get; init; }

    public required JobUploads Uploads { get; init; }

    public required GlobalParametersPublisher Publisher { get; init; }

    public required GlobalParameters Parameters { get; init; }

    public static async Task<JobStart> PrepareAsync(
        string researcherId, IRepository repository, JobOptions options, JobDirectory directory, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        PreparedPlan plan = await options.TrainingPlan.PrepareAsync(cancellationToken).ConfigureAwait(false);
        return await StartAsync(
            $"job_{Guid.NewGuid():D}", researcherId, repository, plan, options, options.InitialParameters, directory, loggers, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes up the job of a state: with its own id, or as a branch with another.</summary>
    public static async Task<JobStart> RestoreAsync(
        string researcherId,
        IRepository repository,
        JobState state,
        JobOptions options,
        bool asBranch,
        JobDirectory directory,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        PreparedPlan plan = await PrepareSameAsync(state, options, cancellationToken).ConfigureAwait(false);
        using ModelParameters parameters = AggregatedParametersFile.Open(state.ParametersPath);
        return await StartAsync(
            asBranch ? $"job_{Guid.NewGuid():D}" : state.JobId, researcherId, repository, plan, options, parameters, directory, loggers, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Goes on with what the journal says is uploaded: a round that was open refers to it.</summary>
    public static async Task<JobStart> ReopenAsync(
        string researcherId,
        IRepository repository,
        JobState state,
        JobRow row,
        JobOptions options,
        string directory,
        CancellationToken cancellationToken)
    {
        PreparedPlan plan = await PrepareSameAsync(state, options, cancellationToken).ConfigureAwait(false);
        var uploads = new JobUploads(repository);
        uploads.Know(row.ParametersDigest, row.ParametersUrl);
        return new JobStart
        {
            JobId = state.JobId,
            Plan = plan,
            PlanFile = Path.Combine(directory, row.Document.TrainingPlanFile),
            PlanUrl = row.PlanUrl,
            Uploads = uploads,
            Publisher = new GlobalParametersPublisher(uploads, researcherId, directory),
            Parameters = new GlobalParameters(state.ParametersPath, row.ParametersUrl, row.ParametersDigest),
        };
    }

    private static async Task<PreparedPlan> PrepareSameAsync(JobState state, JobOptions options, CancellationToken cancellationToken)
    {
        PreparedPlan plan = await options.TrainingPlan.PrepareAsync(cancellationToken).ConfigureAwait(false);
        string stored = Convert.ToHexStringLower(SHA256.HashData(state.TrainingPlan.Span));
        if (plan.Digest.Hex != stored || plan.ClassName != state.TrainingPlanClass)
        {
            await plan.DisposeAsync().ConfigureAwait(false);
            throw new TrainingPlanException(
                FedJobErrorCode.TrainingPlanAssemblyInvalid,
                $"The plan given to resume job {state.JobId} is {plan.ClassName} with SHA-256 {plan.Digest.Hex}; the job was trained with {state.TrainingPlanClass}, {stored}. "
                + "Give the very plan, or none: the stored one is then sent as it is.")
            {
                TypeName = plan.ClassName,
            };
        }

        return plan;
    }

    private static async Task<JobStart> StartAsync(
        string jobId,
        string researcherId,
        IRepository repository,
        PreparedPlan plan,
        JobOptions options,
        ModelParameters? parameters,
        JobDirectory directory,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        List<string> files = [];
        try
        {
            // The parameters come first: a plan that cannot make any is never uploaded.
            ModelParameters initial = await PlanStart.InitializeAsync(
                plan, options.ModelArgs, options.TrainingArgs, options.Seed, parameters, loggers, cancellationToken).ConfigureAwait(false);
            var uploads = new JobUploads(repository);
            var publisher = new GlobalParametersPublisher(uploads, researcherId, directory.Path);
            WrittenFile written = await publisher.WriteAsync(initial, cancellationToken).ConfigureAwait(false);
            files.Add(written.Path);
            string planFile = Path.Combine(directory.Path, $"training_plan_{Guid.NewGuid():D}{plan.FileExtension}");
            files.Add(planFile);
            await WritePlanAsync(planFile, plan, cancellationToken).ConfigureAwait(false);
            UploadedFile uploaded = await repository.UploadAsync(planFile, Path.GetFileName(planFile), cancellationToken).ConfigureAwait(false);
            return new JobStart
            {
                JobId = jobId,
                Plan = plan,
                PlanFile = planFile,
                PlanUrl = uploaded.Url,
                Uploads = uploads,
                Publisher = publisher,
                Parameters = await publisher.UploadAsync(written, cancellationToken).ConfigureAwait(false),
            };
        }
        catch
        {
            files.ForEach(File.Delete);
            await plan.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task WritePlanAsync(string path, PreparedPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllBytesAsync(path, plan.Bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed, $"The training plan cannot be written to '{path}': {failure.Message}", failure);
        }
    }
}
