using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Captures;

/// <summary>Opens a captured parameter file by the class its content belongs to.</summary>
internal static class CapturedParameterFile
{
    /// <summary>Reads a file and writes what was read.</summary>
    public static async Task<WrittenFile> RewriteAsync(string path, string copy, CancellationToken cancellationToken)
    {
        using ParameterFile file = ParameterFileReader.Open(path);
        if (file.Value is not ParameterMap fields)
        {
            return await ParameterFileWriter.WriteAsync(copy, file.Value, cancellationToken);
        }

        if (fields.TryGetValue("node_id", out _))
        {
            using NodeParametersFile node = NodeParametersFile.Open(path);
            Assert.Equal(fields.TryGetValue("encryption_factor", out _), node.Encrypted);
            return await node.WriteAsync(copy, cancellationToken);
        }

        if (fields.TryGetValue("model_weights", out _) && fields.TryGetValue("researcher_id", out ParameterValue? researcher))
        {
            using ModelParameters parameters = AggregatedParametersFile.Open(path);
            return await AggregatedParametersFile.WriteAsync(
                copy, Assert.IsType<ParameterText>(researcher).Value, parameters, cancellationToken);
        }

        if (fields.Count > 0 && fields.Entries.All(e => e.Value is ParameterTensorValue))
        {
            using ModelParameters tensors = TensorMapFile.Open(path);
            return await TensorMapFile.WriteAsync(copy, tensors, cancellationToken);
        }

        return await ParameterFileWriter.WriteAsync(copy, fields, cancellationToken);
    }
}
