using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
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

    public required GlobalParametersPublisher Publisher { get; init; }

    public required GlobalParameters Parameters { get; init; }

    public static async Task<JobStart> PrepareAsync(
        string researcherId, IRepository repository, JobOptions options, JobDirectory directory, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        PreparedPlan plan = await options.TrainingPlan.PrepareAsync(cancellationToken).ConfigureAwait(false);
        List<string> files = [];
        try
        {
            // The parameters come first: a plan that cannot make any is never uploaded.
            ModelParameters initial = await PlanStart.InitializeAsync(
                plan, options.ModelArgs, options.TrainingArgs, options.Seed, options.InitialParameters, loggers, cancellationToken).ConfigureAwait(false);
            var publisher = new GlobalParametersPublisher(repository, researcherId, directory.Path);
            WrittenFile written = await publisher.WriteAsync(initial, cancellationToken).ConfigureAwait(false);
            files.Add(written.Path);
            string planFile = Path.Combine(directory.Path, $"training_plan_{Guid.NewGuid():D}{plan.FileExtension}");
            files.Add(planFile);
            await WritePlanAsync(planFile, plan, cancellationToken).ConfigureAwait(false);
            UploadedFile uploaded = await repository.UploadAsync(planFile, Path.GetFileName(planFile), cancellationToken).ConfigureAwait(false);
            return new JobStart
            {
                JobId = $"job_{Guid.NewGuid():D}",
                Plan = plan,
                PlanFile = planFile,
                PlanUrl = uploaded.Url,
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
