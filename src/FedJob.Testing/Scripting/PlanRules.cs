using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Testing.Scripting;

/// <summary>Where a plan fails before its first training step, with the node's texts.</summary>
internal static class PlanRules
{
    public static void CheckModule(byte[] source, string className, EmulatedPlan plan)
    {
        PythonModule module = PythonModule.Read(source);
        IReadOnlyList<string> classes = plan.ClassName is null ? module.Classes : [plan.ClassName];
        string? raised = module.Problem ?? (classes.Contains(className, StringComparer.Ordinal)
            ? null
            : PythonText.Raised("AttributeError", $"module 'training_plan_{Guid.NewGuid():N}' has no attribute '{className}'"));
        if (raised is not null)
        {
            throw new TrainFailure($"Cannot instantiate training plan object: {raised}");
        }
    }

    public static void CheckArguments(OrderedDictionary<string, object?> request, string? argsProblem, EmulatedPlan plan)
    {
        string? raised = argsProblem is null
            ? Missing((OrderedDictionary<string, object?>)request["model_args"]!, plan.RequiredModelArgs)
                ?? Missing(Section(request, "optimizer_args"), plan.RequiredOptimizerArgs)
            : PythonText.Raised("AttributeError", "'NoneType' object has no attribute 'optimizer_arguments'");
        if (raised is not null)
        {
            throw new TrainFailure($"Can't initialize training plan with the arguments: {raised}");
        }
    }

    public static void CheckTraining(OrderedDictionary<string, object?> request)
    {
        var args = (OrderedDictionary<string, object?>)request["training_args"]!;
        string? problem = args.GetValueOrDefault("epochs") is null && args.GetValueOrDefault("num_updates") is null
            ? "FB605: training plan error. Must specify one of num_updates or epochs."
            : Section(request, "loader_args").ContainsKey("batch_size") ? null : "Missing required key `batch_size` in `loader_args`.";
        if (problem is not null)
        {
            throw new TrainFailure($"Cannot train model in round: {PythonText.Raised("FedbiomedUserInputError", problem)}");
        }
    }

    public static ModelParameters OpenParameters(string path, EmulatedPlan plan)
    {
        const string Text = "Cannot initialize model parameters: ";
        ModelParameters parameters;
        try
        {
            parameters = AggregatedParametersFile.Open(path);
        }
        catch (FedJobException exception)
        {
            throw new TrainFailure(Text + PythonText.Raised("ValueError", exception.Message), exception);
        }

        if (ParameterRules.Problem(parameters, plan) is { } raised)
        {
            parameters.Dispose();
            throw new TrainFailure(Text + raised);
        }

        return parameters;
    }

    public static JsonObject LearningRate(OrderedDictionary<string, object?> request) =>
        Section(request, "optimizer_args").GetValueOrDefault("lr") is double rate ? new JsonObject { ["lr"] = rate } : [];

    private static string? Missing(OrderedDictionary<string, object?> args, IReadOnlyList<string> required) =>
        required.FirstOrDefault(r => !args.ContainsKey(r)) is { } missing ? PythonText.Raised("KeyError", missing) : null;

    private static OrderedDictionary<string, object?> Section(OrderedDictionary<string, object?> request, string name) =>
        ((OrderedDictionary<string, object?>)request["training_args"]!).GetValueOrDefault(name) as OrderedDictionary<string, object?> ?? [];
}
