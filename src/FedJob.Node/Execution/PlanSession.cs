using System.Globalization;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.TrainingPlans;
using Microsoft.Extensions.Logging;

namespace FedJob.Node.Execution;

/// <summary>
/// The life of one plan instance, from loading to unloading. Nothing of the plan's leaves this class: results are numbers and files,
/// failures are
/// texts. So the load context can go when the session has ended.
/// </summary>
internal sealed class PlanSession
{
    private readonly SessionInput _input;
    private readonly RunReports _reports;
    private readonly PlanUnloader _unloader;
    private readonly TimeProvider _timeProvider;

    /// <summary>Makes a session; it loads nothing before it is run.</summary>
    public PlanSession(SessionInput input, RunReports reports, PlanUnloader unloader, TimeProvider timeProvider) =>
        (_input, _reports, _unloader, _timeProvider) = (input, reports, unloader, timeProvider);

    private TrainTask Work => _input.Task;

    private TrainRequest Request => _input.Task.Request;

    private TrainingArgs Arguments => _input.Task.Request.TrainingArgs;

    /// <summary>Runs the plan. After a training the node's parameters and the plan's state are in the work folder.</summary>
    /// <param name="cancellationToken">Handed to the plan.</param>
    /// <returns>What the training amounted to; null where the request only validates.</returns>
    /// <exception cref="FedJobException">The plan cannot be loaded, does not fit the parameters, or threw an exception.</exception>
    /// <exception cref="OperationCanceledException">The plan stopped because it was cancelled.</exception>
    public async Task<SessionResult?> RunAsync(CancellationToken cancellationToken)
    {
        LoadedPlan loaded = LoadedPlan.Load(_input.Bundle, Request.TrainingPlanClass);
        try
        {
            ITrainingPlan plan = await PlanCall.RunAsync(
                "its instance was made", _ => ValueTask.FromResult(loaded.CreateInstance()), cancellationToken).ConfigureAwait(false);
            try
            {
                return await RunAsync(plan, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await DisposeAsync(plan).ConfigureAwait(false);
            }
        }
        finally
        {
            loaded.Dispose();
            _unloader.Watch(loaded.Unloading, Work);
        }
    }

    private async Task<SessionResult?> RunAsync(ITrainingPlan plan, CancellationToken cancellationToken)
    {
        await PrepareAsync(plan, cancellationToken).ConfigureAwait(false);
        if (Arguments.TestOnGlobalUpdates)
        {
            await EvaluateAsync(plan, ofLocalUpdates: false, cancellationToken).ConfigureAwait(false);
        }

        if (!Request.Training)
        {
            return null;
        }

        SessionResult result = await TrainAsync(plan, cancellationToken).ConfigureAwait(false);
        if (Arguments.TestOnLocalUpdates)
        {
            await EvaluateAsync(plan, ofLocalUpdates: true, cancellationToken).ConfigureAwait(false);
        }

        await SaveStateAsync(plan, cancellationToken).ConfigureAwait(false);
        await WriteParametersAsync(plan, result, cancellationToken).ConfigureAwait(false);
        return result;
    }

    private async Task PrepareAsync(ITrainingPlan plan, CancellationToken cancellationToken)
    {
        var context = new InitializationContext
        {
            ModelArgs = Request.ModelArgs,
            TrainingArgs = Arguments,
            Seed = RunSeeds.Model(Work),
            Logger = _reports.PlanLogger,
        };
        await PlanCall.RunAsync(
            "building its model", token => plan.InitializeAsync(context, token), cancellationToken).ConfigureAwait(false);
        await RestoreStateAsync(plan, cancellationToken).ConfigureAwait(false);
        await PlanCall.RunAsync("taking the global parameters", _ => SetParameters(plan), cancellationToken).ConfigureAwait(false);
    }

    private ValueTask SetParameters(ITrainingPlan plan)
    {
        ModelParameters own = plan.GetParameters();
        if (_input.Global.DescribeDifference(own) is { } difference)
        {
            throw new FedJobException(
                FedJobErrorCode.ParametersMismatch, $"The global parameters do not fit the training plan's model: {difference}.");
        }

        plan.SetParameters(_input.Global);
        return ValueTask.CompletedTask;
    }

    private async Task RestoreStateAsync(ITrainingPlan plan, CancellationToken cancellationToken)
    {
        if (_input.PreviousState is not { } path || new FileInfo(path).Length == 0)
        {
            return;
        }

        FileStream state = File.OpenRead(path);
        await using (state.ConfigureAwait(false))
        {
            await PlanCall.RunAsync(
                "restoring its state", token => plan.RestoreStateAsync(state, token), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<SessionResult> TrainAsync(ITrainingPlan plan, CancellationToken cancellationToken)
    {
        var context = new TrainingContext
        {
            Dataset = Work.Dataset.Dataset.Data,
            Samples = _input.Split.Training,
            TrainingArgs = Arguments,
            Round = Request.Round,
            Seed = RunSeeds.Training(Request, _input.NodeId),
            AggregatorArgs = AggregatorFiles.ValuesOf(Request.AggregatorArgs),
            AggregatorTensors = _input.AggregatorTensors,
            Progress = _reports,
            Logger = _reports.PlanLogger,
        };
        long begun = _timeProvider.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        TrainingResult? result =
            await PlanCall.RunAsync("training", token => plan.TrainAsync(context, token), cancellationToken).ConfigureAwait(false);
        var timing = new TrainTiming(_timeProvider.GetElapsedTime(begun), Environment.CpuUsage.TotalTime - processor);
        cancellationToken.ThrowIfCancellationRequested();
        return result is not null && result.SampleCount <= _input.Split.Training.Count
            ? new SessionResult(result.SampleCount, OptimizerArgsOf(result), timing)
            : throw new FedJobException(
                FedJobErrorCode.TrainingPlanFailed,
                $"The training plan says it trained on {result?.SampleCount.ToString(CultureInfo.InvariantCulture) ?? "(null)"} samples; "
                + $"1 to {_input.Split.Training.Count}, the samples it was given, are possible.");
    }

    /// <summary>What the researcher's rule may need to know: the rate as the wire has it, and the steps, which only FedJob nodes tell.</summary>
    private static JsonObject OptimizerArgsOf(TrainingResult result)
    {
        var arguments = new JsonObject();
        if (result.LearningRate is { } rate)
        {
            arguments["lr"] = rate;
        }

        if (result.UpdateCount is { } updates)
        {
            arguments["num_updates"] = updates;
        }

        return arguments;
    }

    private async Task EvaluateAsync(ITrainingPlan plan, bool ofLocalUpdates, CancellationToken cancellationToken)
    {
        if (_input.Split.Validation.Count == 0)
        {
            // A Python node says so and goes on; the researcher asked for a validation without leaving samples for it.
            _reports.Say(
                LogLevel.Warning, "Nothing was validated: test_ratio leaves no sample to validate with.");
            return;
        }

        var context = new EvaluationContext
        {
            Dataset = Work.Dataset.Dataset.Data,
            Samples = _input.Split.Validation,
            TrainingArgs = Arguments,
            Round = Request.Round,
            Logger = _reports.PlanLogger,
        };
        await PlanCall.RunAsync(
            ofLocalUpdates ? "evaluating its own parameters" : "evaluating the global parameters",
            async token =>
            {
                EvaluationResult result = await plan.EvaluateAsync(context, token).ConfigureAwait(false);
                await _reports.EvaluatedAsync(result.Metrics, result.SampleCount, ofLocalUpdates, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task SaveStateAsync(ITrainingPlan plan, CancellationToken cancellationToken)
    {
        FileStream state = File.Create(_input.Files.PlanState);
        await using (state.ConfigureAwait(false))
        {
            await PlanCall.RunAsync(
                "saving its state", token => plan.SaveStateAsync(state, token), cancellationToken).ConfigureAwait(false);
        }
    }

    private Task WriteParametersAsync(ITrainingPlan plan, SessionResult result, CancellationToken cancellationToken) => PlanCall.RunAsync(
        "handing over its parameters",
        async token =>
        {
            ModelParameters trained = plan.GetParameters();
            if (trained.DescribeDifference(_input.Global) is { } difference)
            {
                throw new FedJobException(
                    FedJobErrorCode.ParametersMismatch, $"The trained parameters are not those of the model: {difference}.");
            }

            // Tensors go back in the order and as the kind in which they came, whatever the plan made of them.
            var file = new NodeParametersFile
            {
                ResearcherId = Request.ResearcherId,
                JobId = Request.JobId,
                StateId = _input.NewStateId,
                NodeId = _input.NodeId,
                Parameters = new ModelParameters(_input.Global.Select(
                    global => KeyValuePair.Create(global.Key, trained[global.Key].WithKind(global.Value.Kind)))),
                OptimizerArgs = result.OptimizerArgs,
            };
            await file.WriteAsync(_input.Files.NodeParameters, token).ConfigureAwait(false);
        },
        cancellationToken);

    private async Task DisposeAsync(ITrainingPlan plan)
    {
        try
        {
            switch (plan)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync().ConfigureAwait(false);
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
                default:
                    break;
            }
        }
        catch (Exception e)
        {
            // The run's outcome stands; what the plan did not tidy up is the plan's, and its author reads this.
            _reports.Say(LogLevel.Warning, $"The training plan failed while it was disposed: {e.GetType().Name}: {e.Message}");
        }
    }
}
