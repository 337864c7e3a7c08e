using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FedJob.Protocol.Messages;

namespace FedJob.Node.Execution;

/// <summary>Where chance comes from in a run. Everything follows from the request, so a repeated request gives the same result.</summary>
internal static class RunSeeds
{
    /// <summary>The seed of the model's initial parameters, the same at every node and at the researcher.</summary>
    /// <param name="task">The request.</param>
    /// <returns>The seed.</returns>
    public static int Model(TrainTask task) => task.Seed ?? task.Request.TrainingArgs.RandomSeed ?? 0;

    /// <summary>
    /// The seed of the split into training and validation: one for all rounds of a job, so that no sample is ever on both sides.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <returns>The seed.</returns>
    public static int Split(TrainRequest request) => request.TrainingArgs.RandomSeed ?? Of("split", request.JobId);

    /// <summary>The seed of a training: another one for each node and round.</summary>
    /// <param name="request">The request.</param>
    /// <param name="nodeId">The node.</param>
    /// <returns>The seed.</returns>
    public static int Training(TrainRequest request, string nodeId)
    {
        string origin = request.TrainingArgs.RandomSeed?.ToString(CultureInfo.InvariantCulture) ?? request.JobId;
        return Of("training", origin, nodeId, request.Round.ToString(CultureInfo.InvariantCulture));
    }

    private static int Of(params ReadOnlySpan<string> parts)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('/', parts)));
        return BinaryPrimitives.ReadInt32LittleEndian(hash) & int.MaxValue;
    }
}
