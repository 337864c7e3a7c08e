using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedBioMed;

/// <summary>The parameters to start from: a file of aggregated parameters, or a bare map of tensors.</summary>
internal static class InitialFile
{
    /// <summary>Opens the file; each tensor keeps its kind, so that a PyTorch plan gets <c>torch.Tensor</c> and a scikit-learn plan <c>np.ndarray</c>.</summary>
    /// <exception cref="UsageException">It cannot be read, or holds something else.</exception>
    public static ModelParameters Open(string path)
    {
        InputFiles.CheckReadable("--initial", path);
        try
        {
            ModelParameters parameters = IsAggregated(path) ? AggregatedParametersFile.Open(path) : TensorMapFile.Open(path);
            if (parameters.Count > 0)
            {
                return parameters;
            }

            parameters.Dispose();
            throw new UsageException($"--initial {path} holds no tensor; expected the parameters of the plan's model");
        }
        catch (FedJobException wrong)
        {
            throw new UsageException($"--initial {path}: {wrong.Message.TrimEnd('.')}");
        }
    }

    private static bool IsAggregated(string path)
    {
        using ParameterFile file = ParameterFileReader.Open(path);
        return file.Value is ParameterMap map && map.TryGetValue("model_weights", out ParameterValue? weights) && weights is not ParameterTensorValue;
    }
}
