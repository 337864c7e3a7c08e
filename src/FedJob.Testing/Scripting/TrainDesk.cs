using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;

namespace FedJob.Testing.Scripting;

/// <summary>Runs one train request, in the node's order of steps, with its answers.</summary>
internal sealed class TrainDesk(
    FedBioMedNodeEmulatorOptions options, DatasetDesk datasets, PlanDesk plans, SecaggDesk secagg, Downloads downloads, IRepository repository,
    ReplyWriter replies, TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<string, string> _jobOfState = new(StringComparer.Ordinal);

    /// <summary>Runs a request to its end; never throws but when cancelled.</summary>
    public async Task RunAsync(OrderedDictionary<string, object?> request, CancellationToken cancellationToken)
    {
        string researcher = (string)request["researcher_id"]!;
        if (datasets.Find((string)request["dataset_id"]!) is not { } dataset)
        {
            await replies.LogAsync("ERROR", $"Did not found proper data in local datasets on node={replies.NodeId}").ConfigureAwait(false);
            await replies.ReplyAsync(
                researcher,
                "error",
                ("node_id", replies.NodeId),
                ("errnum", "FB313: no dataset matching request"),
                ("extra_msg", "Did not found proper data in local datasets")).ConfigureAwait(false);
            return;
        }

        DirectoryInfo scratch = Directory.CreateTempSubdirectory("fedjob-emulator-");
        try
        {
            await RunAsync(request, dataset, scratch.FullName, cancellationToken).ConfigureAwait(false);
        }
        catch (TrainFailure failure)
        {
            await replies.LogAsync("ERROR", failure.Message).ConfigureAwait(false);
            await replies.TrainAsync(request, NewState(), false, "", [], null, failure.Message).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whatever escapes a task is told without a researcher, as the node does.
            await replies.ErrorAsync("NOT_SET", "FB300: undetermined node error", exception.Message).ConfigureAwait(false);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static string NewState() => $"node_state_{Guid.NewGuid()}";

    private async Task RunAsync(
        OrderedDictionary<string, object?> request, DatasetEntry dataset, string scratch, CancellationToken cancellationToken)
    {
        string? argsProblem = TrainingArgsRules.Problem((OrderedDictionary<string, object?>)request["training_args"]!);
        if (argsProblem is not null)
        {
            string raised = PythonText.Raised("FedbiomedUserInputError", argsProblem);
            await replies.LogAsync("CRITICAL", argsProblem).ConfigureAwait(false);
            await replies.LogAsync("ERROR", raised).ConfigureAwait(false);
            await replies.ErrorAsync((string)request["researcher_id"]!, "FB300: undetermined node error", raised).ConfigureAwait(false);
        }

        if (request["state_id"] is string state && (!_jobOfState.TryGetValue(state, out string? job) || job != (string)request["job_id"]!))
        {
            throw new TrainFailure("Can't read previous node state.");
        }

        if (secagg.Check(request) is { } secaggProblem)
        {
            throw new TrainFailure(secaggProblem);
        }

        if (!Downloads.LooksLikeUrl((string)request["training_plan_url"]!))
        {
            throw new TaskCrash("URL for training plan on repository is not valid.");
        }

        var split = TrainSplit.Of(request, dataset, argsProblem is null);
        if (options.Plan.InstantFile is { } instant && argsProblem is null && split.Training)
        {
            string saved = NewState();
            _jobOfState[saved] = (string)request["job_id"]!;
            await replies.TrainAsync(request, saved, true, instant.AbsoluteUri, Timing(timeProvider.GetTimestamp()), options.Plan.InstantSamples, "")
                .ConfigureAwait(false);
            return;
        }

        var files = new TaskFiles(request, downloads, scratch);
        byte[] plan = await files.PlanAsync(cancellationToken).ConfigureAwait(false);
        if (!plans.MayRun(plan))
        {
            throw new TrainFailure($"Requested training plan is not approved by the node: {replies.NodeId}");
        }

        await files.DownloadAsync(cancellationToken).ConfigureAwait(false);
        PlanRules.CheckModule(plan, (string)request["training_plan_class"]!, options.Plan);
        PlanRules.CheckArguments(request, argsProblem, options.Plan);
        using ModelParameters parameters = PlanRules.OpenParameters(files.ParametersPath, options.Plan);
        if (split.Training && split.Ratio >= 1)
        {
            throw new TaskCrash("'NoneType' object has no attribute 'dataset'");
        }

        await split.ValidateAsync(request, replies, local: false).ConfigureAwait(false);
        if (!split.Training)
        {
            await replies.TrainAsync(request, null, true, "", [], null, "").ConfigureAwait(false);
            return;
        }

        var task = new EmulatedTask
        {
            ResearcherId = (string)request["researcher_id"]!,
            JobId = (string)request["job_id"]!,
            Round = Convert.ToInt32(request["round"], CultureInfo.InvariantCulture),
            StateId = request["state_id"] as string,
            Request = JsonNode.Parse(PythonText.Dumps(request).Replace("NaN", "null", StringComparison.Ordinal))!.AsObject(),
            Dataset = dataset,
            SampleCount = split.TrainingRows,
            Parameters = parameters,
            AggregatorFiles = files.AggregatorFiles,
            AuxiliaryFiles = files.AuxiliaryFiles,
            ReportMetricAsync = (name, value, epoch, iteration, batches, trained) =>
                split.ReportAsync(request, replies, name, value, epoch, iteration, batches, trained),
            LogAsync = replies.LogAsync,
        };
        await FinishAsync(request, task, split, scratch, cancellationToken).ConfigureAwait(false);
    }

    private async Task FinishAsync(
        OrderedDictionary<string, object?> request, EmulatedTask task, TrainSplit split, string scratch, CancellationToken cancellationToken)
    {
        long started = timeProvider.GetTimestamp();
        EmulatedUpdate update;
        try
        {
            PlanRules.CheckTraining(request);
            update = await options.Plan.Train(task, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (TrainFailure or OperationCanceledException))
        {
            throw new TrainFailure($"Cannot train model in round: {PythonText.Raised(exception.GetType().Name, exception.Message)}", exception);
        }

        OrderedDictionary<string, object?> timing = Timing(started);
        await split.ValidateAsync(request, replies, local: true).ConfigureAwait(false);
        string state = NewState();
        bool torch = update.Parameters.Any(p => p.Value.Kind == TensorKind.TorchTensor);
        if (torch)
        {
            await replies.LogAsync("WARNING", "save_state method of optimizer not implemented, cannot save optimizer status").ConfigureAwait(false);
            await replies.LogAsync(
                "WARNING",
                "Unable to save optimizer state of type <class 'fedbiomed.common.optimizers.generic_optimizers.NativeTorchOptimizer'>. Skipping...")
                .ConfigureAwait(false);
        }

        using var file = new NodeParametersFile
        {
            ResearcherId = task.ResearcherId,
            JobId = task.JobId,
            StateId = state,
            NodeId = replies.NodeId,
            Parameters = update.Parameters,
            OptimizerArgs = update.OptimizerArgs ?? (torch ? PlanRules.LearningRate(request) : []),
            AuxiliaryVariables = update.AuxiliaryVariables,
            EncryptedParameters = update.EncryptedParameters,
            EncryptionFactor = update.EncryptionFactor,
        };
        string name = $"node_params_{Guid.NewGuid()}.mpk";
        string path = Path.Combine(scratch, name);
        await file.WriteAsync(path, cancellationToken).ConfigureAwait(false);
        UploadedFile uploaded;
        try
        {
            uploaded = await repository.UploadAsync(path, name, cancellationToken).ConfigureAwait(false);
        }
        catch (RepositoryException exception)
        {
            throw new TrainFailure($"Cannot upload results: {PythonText.Raised("FedbiomedRepositoryError", exception.Message)}", exception);
        }

        await replies.LogAsync("INFO", "results uploaded successfully ").ConfigureAwait(false);
        _jobOfState[state] = task.JobId;
        await replies.TrainAsync(request, state, true, uploaded.Url.AbsoluteUri, timing, update.SampleCount, "").ConfigureAwait(false);
    }

    private OrderedDictionary<string, object?> Timing(long started)
    {
        double seconds = timeProvider.GetElapsedTime(started).TotalSeconds;
        return new OrderedDictionary<string, object?>(StringComparer.Ordinal) { ["rtime_training"] = seconds, ["ptime_training"] = seconds };
    }
}
