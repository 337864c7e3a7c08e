using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// A tensor; <c>np.ndarray</c> or <c>torch.Tensor</c> by its <see cref="ParameterTensor.Kind"/>,
/// <c>{"__type__": ..., "value": [bytes, dtype, shape]}</c> in the file. Read from a file it is a view of it, valid until the file is
/// disposed.
/// </summary>
public sealed record ParameterTensorValue : ParameterValue
{
    /// <summary>Makes a value.</summary>
    /// <param name="tensor">The tensor.</param>
    public ParameterTensorValue(ParameterTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Tensor = tensor;
    }

    /// <summary>The tensor.</summary>
    public ParameterTensor Tensor { get; }

    internal override string PythonType => TypedForm.NameOf(Tensor.Kind);
}
