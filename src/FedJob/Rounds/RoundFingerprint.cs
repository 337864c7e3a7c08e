using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Messages;

namespace FedJob.Rounds;

/// <summary>What a round asks of every node, as one number: a round that was interrupted goes on only if the caller still asks for the same.</summary>
internal static class RoundFingerprint
{
    public static string Of(RoundContext context, RoundRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Text(string? text)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text ?? "\u0001"));
            hash.AppendData([0]);
        }

        Text(context.JobId);
        Text($"{context.Round} {request.Training} {request.Aggregator?.Name} {context.Parameters.Digest}");
        hash.AppendData(TrainingArgsJson.Write(request.TrainingArgs ?? context.TrainingArgs));
        foreach ((string nodeId, TrainingArgs own) in request.NodeTrainingArgs.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            Text(nodeId);
            hash.AppendData(TrainingArgsJson.Write(own));
        }

        Text(context.ModelArgs.ToJsonString());
        Text($"{request.SecureAggregation?.ServerKeyId} {request.SecureAggregation?.BiprimeId} {request.SecureAggregation?.Random} {request.SecureAggregation?.ClippingRange}");
        Add("*", request.AggregatorArguments.Shared);
        foreach ((string nodeId, NodeArguments arguments) in request.AggregatorArguments.PerNode.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            Add(nodeId, arguments);
        }

        Text(string.Join(' ', request.AuxiliaryVariables.Shared.Keys.Order(StringComparer.Ordinal)));
        Text(string.Join(' ', request.AuxiliaryVariables.PerNode.Select(p => $"{p.Key}:{string.Join(',', p.Value.Keys.Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string owner, NodeArguments arguments)
        {
            Text(owner);
            foreach ((string name, System.Text.Json.Nodes.JsonNode? value) in arguments.Values.OrderBy(v => v.Key, StringComparer.Ordinal))
            {
                Text(name);
                Text(value?.ToJsonString());
            }

            foreach ((string name, ModelParameters tensors) in arguments.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                Text(name);
                foreach ((string tensorName, ParameterTensor tensor) in tensors)
                {
                    Text($"{tensorName} {tensor}");
                    hash.AppendData(MemoryMarshal.AsBytes(tensor.GetBytes(0, (int)Math.Min(tensor.ByteCount, 1 << 20))));
                }
            }
        }
    }
}
