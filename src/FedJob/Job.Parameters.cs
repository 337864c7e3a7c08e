using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Rounds;

namespace FedJob;

/// <content>The global parameters of a job, and what nodes' optimizers told beside theirs.</content>
public sealed partial class Job
{
    /// <summary>The file with the current global parameters.</summary>
    public string ParametersPath => _parameters.Path;

    /// <summary>Where nodes download the current global parameters.</summary>
    public Uri ParametersUrl => _parameters.Url;

    /// <summary>Opens the current global parameters.</summary>
    /// <returns>The parameters, as views of the file until they are disposed.</returns>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public ModelParameters OpenParameters()
    {
        ThrowIfDisposed();
        return AggregatedParametersFile.Open(_parameters.Path);
    }

    /// <summary>Opens what the nodes' optimizers told in the last committed training round.</summary>
    /// <returns>The variables, as views of a file until they are disposed; empty where no node told any.</returns>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public ReceivedAuxiliaryVariables OpenAuxiliaryVariables()
    {
        ThrowIfDisposed();
        return ReceivedAuxiliaryVariables.Open(_auxiliaryVariablesPath);
    }

    /// <summary>Makes other parameters the global ones of the next round. Between rounds only; parameters that are equal bit for bit are not uploaded again.</summary>
    /// <param name="parameters">The parameters, with exactly the names, element types, shapes and kinds of the model; they stay the caller's.
    /// <see langword="null"/> for those of the researcher's own instance of the plan.</param>
    /// <param name="cancellationToken">Ends the call; the job stays as it was.</param>
    /// <returns>Where the parameters lie now, here and for nodes.</returns>
    /// <exception cref="FedJobException">The parameters do not fit (<see cref="FedJobErrorCode.ParametersMismatch"/>), or their file could not be written or uploaded.</exception>
    /// <exception cref="InvalidOperationException">A round of this job is running, or parameters are null and the plan is one that only nodes can run.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public Task<PublishedParameters> UpdateParametersAsync(ModelParameters? parameters, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ModelParameters next = parameters ?? TrainingPlan?.GetParameters()
            ?? throw new InvalidOperationException($"Plan {TrainingPlanName} runs at nodes only and has no parameters here; give the parameters.");
        return _gate.RunAsync(stop => ReplaceAsync(next, "The parameters given", stop), cancellationToken);
    }

    /// <summary>Makes the parameters of a file the global ones of the next round, e.g. of <see cref="ParametersPath"/> after an earlier round or of another job.</summary>
    /// <param name="path">An aggregated-parameters file, <c>{researcher_id, model_weights}</c>.</param>
    /// <param name="cancellationToken">Ends the call; the job stays as it was.</param>
    /// <returns>Where the parameters lie now, here and for nodes.</returns>
    /// <exception cref="ParameterFormatException">The file is no parameter file.</exception>
    /// <exception cref="FedJobException">The file cannot be read, or its parameters do not fit (<see cref="FedJobErrorCode.ParametersMismatch"/>), or could not be uploaded.</exception>
    /// <exception cref="InvalidOperationException">A round of this job is running.</exception>
    /// <exception cref="ObjectDisposedException">The job was disposed.</exception>
    public async Task<PublishedParameters> UpdateParametersFromFileAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ThrowIfDisposed();
        using ModelParameters parameters = AggregatedParametersFile.Open(path);
        return await _gate.RunAsync(stop => ReplaceAsync(parameters, $"The parameters of '{path}'", stop), cancellationToken).ConfigureAwait(false);
    }

    private async Task<PublishedParameters> ReplaceAsync(ModelParameters parameters, string what, CancellationToken cancellationToken)
    {
        using (ModelParameters current = OpenParameters())
        {
            if (UpdateCheck.Describe(parameters, current) is { } flaw)
            {
                throw new FedJobException(FedJobErrorCode.ParametersMismatch, $"{what} do not fit job {Id}: {flaw}. The job's parameters are unchanged.") { JobId = Id };
            }
        }

        WrittenFile written = await _publisher.WriteAsync(parameters, cancellationToken).ConfigureAwait(false);
        if (written.Digest == _parameters.Digest)
        {
            JobDirectory.TryDelete(written.Path, _logger);
            return new PublishedParameters(_parameters.Path, _parameters.Url);
        }

        GlobalParameters next = await _publisher.UploadAsync(written, cancellationToken).ConfigureAwait(false);
        await _journal.SaveAsync(RowOf(Capture(), next, _aggregatorStateFile, _samplerStateFile)).ConfigureAwait(false);
        _parameters = next;
        return new PublishedParameters(_parameters.Path, _parameters.Url);
    }
}
