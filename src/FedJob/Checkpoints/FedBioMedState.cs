using System.Text;
using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Checkpoints;

/// <summary>
/// What of a breakpoint a job of FedJob goes on with. The history stays empty: the results of FedJob's rounds say things that no breakpoint knows, and the
/// replies stay in the breakpoint. The rule and the sampler begin anew, since theirs are another program's.
/// </summary>
internal static class FedBioMedState
{
    private const int MaximumPlanBytes = 16 * 1024 * 1024;

    public static JobState Of(FedBioMedBreakpoint breakpoint)
    {
        TrainingArgs args = breakpoint.TrainingArgs
            ?? throw Refused(breakpoint, "its training arguments (training_args) are refused");
        string plan = breakpoint.TrainingPlanFile
            ?? throw Refused(breakpoint, "the training plan's file (training_plan_path) is missing");
        string parameters = breakpoint.ParametersFile
            ?? throw Refused(breakpoint, "the file with the current parameters (job.model_params_path) is missing");
        long size = new FileInfo(plan).Length;
        if (size is 0 or > MaximumPlanBytes)
        {
            throw Refused(breakpoint, $"the training plan '{plan}' has {size} bytes; expected 1 to {MaximumPlanBytes}");
        }

        return new JobState
        {
            JobId = breakpoint.JobId,
            Round = breakpoint.Round,
            TrainingPlan = File.ReadAllBytes(plan),
            TrainingPlanExtension = ".py",
            TrainingPlanClass = breakpoint.TrainingPlanClass,
            TrainingArgs = args,
            ModelArgs = (JsonObject)breakpoint.ModelArgs.DeepClone(),
            Data = breakpoint.Data,
            Seed = 0,
            StateIds = breakpoint.StateIds,
            ParametersPath = parameters,
            Problems = breakpoint.Problems,
        };
    }

    private static CheckpointException Refused(FedBioMedBreakpoint breakpoint, string why)
    {
        const int MostProblems = 10;
        var text = new StringBuilder($"Job {breakpoint.JobId} cannot go on from the breakpoint '{breakpoint.Directory}': {why}.");
        foreach (string problem in breakpoint.Problems.Take(MostProblems))
        {
            text.Append(' ').Append(problem);
        }

        return new CheckpointException(FedJobErrorCode.CheckpointInvalid, breakpoint.Directory, text.ToString()) { JobId = breakpoint.JobId, Round = breakpoint.Round };
    }
}
