using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedBioMed;

/// <summary>What the files of the command line hold, read and checked before anything is sent.</summary>
/// <remarks>Without the file of an option, which only a job that goes on can do without, there is <see langword="null"/>.</remarks>
internal sealed record InputFiles(TrainingArgs? TrainingArgs, JsonObject ModelArgs, ModelParameters? Initial) : IDisposable
{
    /// <exception cref="UsageException">A file is missing or wrong, or nothing can be written where results should go.</exception>
    public static InputFiles Read(Arguments arguments)
    {
        if (arguments.PlanFile is { } plan)
        {
            CheckReadable("--plan", plan);
        }

        TrainingArgs? trainingArgs = arguments.TrainingArgsFile is { } file ? TrainingArgsFile.Read(file) : null;
        JsonObject modelArgs = ReadModelArgs(arguments.ModelArgsFile);
        CheckMessage(arguments, trainingArgs ?? new TrainingArgs { Epochs = 1 }, modelArgs);
        OutputFiles.Check(arguments);
        return new InputFiles(trainingArgs, modelArgs, arguments.InitialFile is { } initial ? InitialFile.Open(initial) : null);
    }

    public static void CheckReadable(string option, string path)
    {
        if (Directory.Exists(path))
        {
            throw new UsageException($"{option} {path} is a directory; expected a file");
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            if (file is { CanSeek: true, Length: 0 })
            {
                throw new UsageException($"{option} {path} is empty");
            }
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{option} {path} does not exist");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option} {path} cannot be read: {failure.Message}");
        }
    }

    public void Dispose() => Initial?.Dispose();

    private static JsonObject ReadModelArgs(string? path)
    {
        if (path is null)
        {
            return [];
        }

        using JsonDocument document = JsonFile.ReadObject("--model-args", path);
        return JsonObject.Create(document.RootElement.Clone())!;
    }

    /// <summary>The gate that every request passes is tried now: what nodes would not accept is told before one is asked.</summary>
    private static void CheckMessage(Arguments arguments, TrainingArgs trainingArgs, JsonObject modelArgs)
    {
        string url = new Uri(arguments.Repository, "media/uploads/file").AbsoluteUri;
        try
        {
            MessageWriter.Write(new TrainRequest
            {
                ResearcherId = "researcher",
                JobId = "job",
                ParametersUrl = url,
                TrainingArgs = trainingArgs,
                DatasetId = "dataset",
                Training = true,
                ModelArgs = modelArgs,
                TrainingPlanUrl = url,
                TrainingPlanClass = arguments.ClassName ?? "Plan",
                Round = 0,
                AggregatorArgs = [],
            });
        }
        catch (MessageFormatException wrong)
        {
            throw new UsageException(wrong.Field switch
            {
                "params_url" or "training_plan_url" => $"--repository is '{arguments.Repository}', which nodes do not take for a URL: {wrong.Message}",
                "training_plan_class" => $"--class is '{arguments.ClassName}': {wrong.Message}",
                _ => $"nodes would not accept this request: {wrong.Message}",
            });
        }
    }
}
