using System.Numerics;
using System.Text.Json.Nodes;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// The file a node sends back: <c>{optim_aux_var, encrypted, [encryption_factor], researcher_id, job_id, state_id, model_weights, node_id,
/// optimizer_args}</c>. Opened from disk its tensors are views of the mapped file until it is disposed. With secure aggregation
/// <see cref="EncryptedParameters"/> takes the place of <see cref="Parameters"/>, which is then empty.
/// </summary>
public sealed record NodeParametersFile : IDisposable
{
    /// <summary>The researcher id of the request.</summary>
    public required string ResearcherId { get; init; }

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>The id under which the node keeps its state.</summary>
    public required string? StateId { get; init; }

    /// <summary>The node.</summary>
    public required string NodeId { get; init; }

    /// <summary>The parameters after local training; without a tensor if they are <see cref="Encrypted"/>.</summary>
    public required ModelParameters Parameters { get; init; }

    /// <summary>
    /// What the node's optimizer used, e.g. <c>{"lr": 0.1}</c>. A float is a value over <see cref="double"/>, also when it is whole.
    /// Default: empty.
    /// </summary>
    public JsonObject OptimizerArgs { get; init; } = [];

    /// <summary>
    /// What the modules of the node's optimizer share with the researcher, <c>optim_aux_var</c>: module -> state -> value, mostly a
    /// <see cref="ParameterVector"/>. Default: empty.
    /// </summary>
    public ParameterMap AuxiliaryVariables { get; init; } = ParameterMap.Empty;

    /// <summary>The flattened parameters as ciphertexts, with secure aggregation. Default: none.</summary>
    public IReadOnlyList<BigInteger>? EncryptedParameters { get; init; }

    /// <summary>
    /// The request's random number as ciphertexts, by which the researcher checks the decryption; set with
    /// <see cref="EncryptedParameters"/>. Default: none.
    /// </summary>
    public IReadOnlyList<BigInteger>? EncryptionFactor { get; init; }

    /// <summary>Whether the parameters are encrypted.</summary>
    public bool Encrypted => EncryptedParameters is not null;

    /// <summary>Maps and checks the file: every field must be there and of its type, and there must be no other.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The content.</returns>
    /// <exception cref="ParameterFormatException">The file is not well formed, or a field is missing, unknown or of the wrong type.
    /// </exception>
    /// <exception cref="FedJobException">The file cannot be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static NodeParametersFile Open(string path)
    {
        ParameterFile file = ParameterFileReader.Open(path);
        try
        {
            return NodeFileFields.Read(new FieldReader(path, file.Value), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes the file, through a temporary file that is renamed at the end.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="cancellationToken">Ends the writing and removes the temporary file.</param>
    /// <returns>Path, length and digest.</returns>
    /// <exception cref="ParameterFormatException">A value cannot be written, e.g. a tensor larger than the format can hold (4 GiB - 1).
    /// </exception>
    /// <exception cref="InvalidOperationException">Encrypted and clear parameters are both set, or ciphertexts without their factor or the
    /// other way round.</exception>
    /// <exception cref="FedJobException">The file cannot be written (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public Task<WrittenFile> WriteAsync(string path, CancellationToken cancellationToken) =>
        ParameterFileWriter.WriteAsync(path, NodeFileFields.ToMap(this), cancellationToken);

    /// <summary>Releases the mapped file.</summary>
    public void Dispose() => Parameters.Dispose();
}
