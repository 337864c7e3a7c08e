using System.Numerics;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Testing.Scripting;

/// <summary>What a training at an emulated node comes to. The emulator disposes the parameters once they are uploaded.</summary>
public sealed record EmulatedUpdate
{
    /// <summary>The parameters after training, in the kind the model has.</summary>
    public required ModelParameters Parameters { get; init; }

    /// <summary>The rows of the training split; <c>sample_size</c>.</summary>
    public required long SampleCount { get; init; }

    /// <summary>What the optimizer's modules share; <c>optim_aux_var</c>. Default: empty.</summary>
    public ParameterMap AuxiliaryVariables { get; init; } = ParameterMap.Empty;

    /// <summary>What the optimizer used; <c>optimizer_args</c>. Default: <c>lr</c> of the request for torch, empty for scikit-learn.</summary>
    public JsonObject? OptimizerArgs { get; init; }

    /// <summary>The parameters as ciphertexts, with secure aggregation; <see cref="Parameters"/> is then empty. Default: none.</summary>
    public IReadOnlyList<BigInteger>? EncryptedParameters { get; init; }

    /// <summary>The request's random number as ciphertexts; set with <see cref="EncryptedParameters"/>. Default: none.</summary>
    public IReadOnlyList<BigInteger>? EncryptionFactor { get; init; }
}
