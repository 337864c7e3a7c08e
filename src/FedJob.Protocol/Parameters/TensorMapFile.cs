using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// A file that is nothing but a map layer -> tensor: Scaffold's aggregator corrections for a node (<c>aggregator_correction</c>) and its
/// global state.
/// </summary>
public static class TensorMapFile
{
    /// <summary>Writes the file, through a temporary file that is renamed at the end.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="tensors">The tensors; each keeps its kind.</param>
    /// <param name="cancellationToken">Ends the writing and removes the temporary file.</param>
    /// <returns>Path, length and digest.</returns>
    /// <exception cref="ParameterFormatException">A tensor is larger than the format can hold (4 GiB - 1), or of an element type PyTorch
    /// lacks.</exception>
    /// <exception cref="FedJobException">The file cannot be written (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static Task<WrittenFile> WriteAsync(string path, ModelParameters tensors, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return ParameterFileWriter.WriteAsync(path, ModelWeights.ToMap(tensors), cancellationToken);
    }

    /// <summary>Maps and checks the file; its tensors are views of the mapping until the result is disposed.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors.</returns>
    /// <exception cref="ParameterFormatException">The file is not well formed, or something else than a map layer -> tensor.</exception>
    /// <exception cref="FedJobException">The file cannot be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static ModelParameters Open(string path)
    {
        ParameterFile file = ParameterFileReader.Open(path);
        try
        {
            var fields = new FieldReader(path, file.Value);
            return ModelWeights.FromMap(fields, "", fields.Map, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
