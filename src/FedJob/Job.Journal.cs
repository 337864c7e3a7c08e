using FedJob.Aggregation;
using FedJob.Checkpoints;
using FedJob.Journal;
using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;

namespace FedJob;

/// <content>What the job's journal is told.</content>
public sealed partial class Job
{
    private string? _aggregatorStateFile;
    private string? _samplerStateFile;
    private bool _isChanged;

    /// <summary>The directory with the job's journal and files; <see cref="FedJobClient.ResumeJobAsync"/> goes on from it.</summary>
    public string WorkDirectory => _directory.Path;

    /// <summary>
    /// Whether a round was begun and not committed: it failed, was cancelled, or its process was ended. The next round of the same kind and arguments continues it
    /// with the replies that have come, and asks only the other nodes again; a round that asks for something else gives it up.
    /// </summary>
    public bool HasOpenRound => _journal.Open is not null;

    /// <summary>Gives an open round up: the replies that have come are not used, and the next round asks every participant anew.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A task that ends when the journal knows it.</returns>
    /// <exception cref="InvalidOperationException">A round of this job is running; cancel it first.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public Task AbandonRoundAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _gate.RunAsync(
            async _ =>
            {
                await _journal.AbandonAsync().ConfigureAwait(false);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Ends the wait for one node of the running round: its verdict is <see cref="VerdictKind.Cancelled"/>, and a reply of its is not used.</summary>
    /// <param name="nodeId">The node.</param>
    /// <returns>Whether its reply was awaited.</returns>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public bool CancelNode(string nodeId)
    {
        ArgumentException.ThrowIfNullOrEmpty(nodeId);
        ThrowIfDisposed();
        return _runner.Cancel(nodeId);
    }

    /// <summary>Writes the job as it is into its journal.</summary>
    private Task SaveAsync()
    {
        _isChanged = false;
        return _journal.SaveAsync(RowOf(Capture(), _parameters, _aggregatorStateFile, _samplerStateFile));
    }

    /// <summary>Writes what a round changes into the journal. Only then the job itself changes.</summary>
    private async Task PersistAsync(RoundRequest request, RoundCommit commit)
    {
        RoundResult result = commit.Result;
        JobState next = Capture();
        (string? aggregatorState, string? samplerState) = (_aggregatorStateFile, _samplerStateFile);
        List<string> written = [];
        if (request.Training)
        {
            var states = new NodeStateAgent();
            states.Commit(NodeStates.States.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
            states.Commit(commit.StateIds);
            (IAggregator rule, INodeSampler sampler) = (request.Aggregator!, request.Sampler!);
            next = next with
            {
                Round = Round + 1,
                StateIds = states.States,
                ParametersPath = commit.Parameters.Path,
                AuxiliaryVariablesPath = result.AuxiliaryVariablesPath,
                ReplyFiles = commit.ReplyFiles,
                Loop = request.Observed ? _loop with { Pending = result.Round } : _loop,
                AggregatorName = rule.Name,
                SamplerName = sampler.GetType().Name,
            };
            written.AddRange(new[] { commit.Parameters.Path, result.AuxiliaryVariablesPath }.OfType<string>());
            try
            {
                aggregatorState = await WriteStateAsync(JobFiles.AggregatorState, $"The rule {rule.Name}", rule.SaveState, written).ConfigureAwait(false);
                samplerState = await WriteStateAsync(JobFiles.SamplerState, $"The sampler {sampler.GetType().Name}", sampler.SaveState, written).ConfigureAwait(false);
            }
            catch
            {
                // Nothing names these files yet; the next attempt at the round makes its own.
                written.ForEach(path => JobDirectory.TryDelete(path, _logger));
                throw;
            }
        }

        string parametersName = Path.GetFileName(commit.Parameters.Path);
        await _journal.CommitAsync(
            RowOf(next, commit.Parameters, aggregatorState, samplerState),
            HistoryLines.Write(result, parametersName, result.AuxiliaryVariablesPath is not null),
            written).ConfigureAwait(false);
        foreach (string? earlier in new[] { _aggregatorStateFile, _samplerStateFile }.Except([aggregatorState, samplerState], StringComparer.Ordinal))
        {
            if (At(earlier) is { } path)
            {
                JobDirectory.TryDelete(path, _logger);
            }
        }

        (_aggregatorStateFile, _samplerStateFile) = (aggregatorState, samplerState);
    }

    private async Task<string?> WriteStateAsync(string beginning, string whose, Func<ParameterMap> save, List<string> written)
    {
        ParameterMap state = ParameterMap.Empty;
        Extend(Id, $"{whose} could not save its state", () => state = save() ?? ParameterMap.Empty, Round);
        string? name = await JobFiles.WriteValuesAsync(_directory.Path, beginning, state, CancellationToken.None).ConfigureAwait(false);
        written.AddRange(new[] { At(name) }.OfType<string>());
        return name;
    }

    private JobRow RowOf(JobState state, GlobalParameters parameters, string? aggregatorState, string? samplerState)
    {
        IReadOnlyDictionary<string, string>? replies = state.ReplyFiles.Count == 0 ? null : state.ReplyFiles.ToDictionary(
            r => r.Key, r => Path.GetRelativePath(_directory.Path, r.Value).Replace('\\', '/'), StringComparer.Ordinal);
        return new JobRow
        {
            Document = CheckpointWriter.Document(state, Path.GetFileName(TrainingPlanFile), replies) with { ParametersName = Path.GetFileName(parameters.Path) },
            PlanUrl = TrainingPlanUrl,
            ParametersUrl = parameters.Url,
            ParametersDigest = parameters.Digest,
            AuxiliaryVariables = Path.GetFileName(state.AuxiliaryVariablesPath),
            AggregatorState = aggregatorState,
            SamplerState = samplerState,
            BestParameters = Path.GetFileName(state.Loop.BestParametersPath),
        };
    }

    private string? At(string? name) => name is null ? null : Path.Combine(_directory.Path, name);

    private void OnMetric(NodeMetric metric)
    {
        _journal.AddMetric(metric);
        if (metric.Round is { } round)
        {
            _events.Publish(new RoundEvent { Round = round, Kind = RoundEventKind.Metric, Elapsed = TimeSpan.Zero, NodeId = metric.NodeId, Metric = metric });
        }
    }
}
