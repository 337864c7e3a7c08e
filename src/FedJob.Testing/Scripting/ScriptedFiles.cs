using FedJob.Abstractions;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;

namespace FedJob.Testing.Scripting;

/// <summary>A training of a scripted node from the download of the global parameters to the upload of its own.</summary>
internal sealed class ScriptedFiles(ScriptedNode node, FleetContext fleet)
{
    /// <summary>Trains.</summary>
    /// <returns>Where the parameters are, their digest if told, and the sample count.</returns>
    public async Task<(Uri Url, FileDigest? Digest, long SampleCount)> TrainAsync(
        TrainRequest request, FileDigest? expected, int number, string stateId, CancellationToken cancellationToken)
    {
        if (node.InstantFile is { } instant)
        {
            return (instant, null, node.InstantSamples);
        }

        // Named by a number, not by the node: ids may be names of devices.
        string name = $"node_params_{Chance.Id(fleet.Options.Seed, node.NodeId, "file", $"{number}"):D}.mpk";
        string globalPath = Path.Combine(fleet.Scratch.FullName, $"global_{name}");
        string ownPath = Path.Combine(fleet.Scratch.FullName, name);
        try
        {
            await DownloadAsync(request, expected, globalPath, cancellationToken).ConfigureAwait(false);
            long samples;
            WrittenFile written;
            using (ModelParameters global = AggregatedParametersFile.Open(globalPath))
            {
                var task = new ScriptedTask
                {
                    NodeId = node.NodeId,
                    Round = request.Round,
                    Number = number,
                    Parameters = global,
                    Request = request,
                };
                EmulatedUpdate update = await node.Train(task, cancellationToken).ConfigureAwait(false);
                samples = update.SampleCount;
                written = await WriteAsync(request, update, stateId, ownPath, cancellationToken).ConfigureAwait(false);
            }

            if (node.Script.Missing.Contains(request.Round))
            {
                return (new Uri(fleet.Repository.Address, $"media/uploads/missing/{name}"), written.Digest, samples);
            }

            if (node.Script.Corrupt.Contains(request.Round))
            {
                await FlipAsync(ownPath, cancellationToken).ConfigureAwait(false);
            }

            UploadedFile uploaded = await InTurnAsync(
                () => fleet.Repository.UploadAsync(ownPath, name, cancellationToken), cancellationToken).ConfigureAwait(false);
            return (uploaded.Url, written.Digest, samples);
        }
        finally
        {
            File.Delete(globalPath);
            File.Delete(ownPath);
        }
    }

    private Task DownloadAsync(TrainRequest request, FileDigest? expected, string path, CancellationToken cancellationToken)
    {
        var download = new DownloadRequest { Url = new Uri(request.ParametersUrl), DestinationPath = path, ExpectedDigest = expected };
        return InTurnAsync(() => fleet.Repository.DownloadAsync(download, cancellationToken), cancellationToken);
    }

    private async Task<WrittenFile> WriteAsync(
        TrainRequest request, EmulatedUpdate update, string stateId, string path, CancellationToken cancellationToken)
    {
        using ModelParameters parameters = update.Parameters;
        var file = new NodeParametersFile
        {
            ResearcherId = request.ResearcherId,
            JobId = request.JobId,
            NodeId = node.NodeId,
            StateId = stateId,
            Parameters = parameters,
            OptimizerArgs = update.OptimizerArgs ?? [],
            AuxiliaryVariables = update.AuxiliaryVariables,
        };
        return await file.WriteAsync(path, cancellationToken).ConfigureAwait(false);
    }

    private static async Task FlipAsync(string path, CancellationToken cancellationToken)
    {
        byte[] bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        bytes[bytes.Length / 2] ^= 0xFF;
        await File.WriteAllBytesAsync(path, bytes, cancellationToken).ConfigureAwait(false);
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> transfer, CancellationToken cancellationToken)
    {
        await fleet.Transfers.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await transfer().ConfigureAwait(false);
        }
        finally
        {
            fleet.Transfers.Release();
        }
    }
}
