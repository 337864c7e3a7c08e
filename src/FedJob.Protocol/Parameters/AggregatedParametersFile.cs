using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>The file a researcher sends to nodes: <c>{researcher_id, model_weights}</c>.</summary>
public static class AggregatedParametersFile
{
    private const string ResearcherId = "researcher_id";
    private const string Weights = "model_weights";

    /// <summary>Writes the file, through a temporary file that is renamed at the end.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="researcherId">The researcher's id.</param>
    /// <param name="parameters">The global parameters; each tensor keeps its kind.</param>
    /// <param name="cancellationToken">Ends the writing and removes the temporary file.</param>
    /// <returns>Path, length and digest.</returns>
    /// <exception cref="ParameterFormatException">A tensor is larger than the format can hold (4 GiB - 1), or of an element type PyTorch
    /// lacks.</exception>
    /// <exception cref="FedJobException">The file cannot be written (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static Task<WrittenFile> WriteAsync(
        string path, string researcherId, ModelParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(researcherId);
        ArgumentNullException.ThrowIfNull(parameters);
        return ParameterFileWriter.WriteAsync(path, Root(researcherId, parameters), cancellationToken);
    }

    /// <summary>
    /// Maps and checks the file; its tensors are views of the mapping until the result is disposed. As with Fed-BioMed's own nodes only
    /// <c>model_weights</c> matters; other fields are ignored.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The parameters under <c>model_weights</c>.</returns>
    /// <exception cref="ParameterFormatException">The file is not well formed, or its <c>model_weights</c> is missing or no map of
    /// tensors.</exception>
    /// <exception cref="FedJobException">The file cannot be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static ModelParameters Open(string path)
    {
        ParameterFile file = ParameterFileReader.Open(path);
        try
        {
            var fields = new FieldReader(path, file.Value);
            return ModelWeights.FromMap(fields, Weights, fields.Require(Weights, "a map of tensors"), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What the file holds.</summary>
    internal static ParameterMap Root(string researcherId, ModelParameters parameters) => ParameterMap.Create(
    [
        new(ResearcherId, new ParameterText(researcherId)),
        new(Weights, ModelWeights.ToMap(parameters)),
    ]);
}
