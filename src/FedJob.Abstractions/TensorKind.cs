namespace FedJob.Abstractions;

/// <summary>
/// What a tensor is to a Python peer. It is kept through reading, aggregating and writing, so that a PyTorch plan gets
/// <c>torch.Tensor</c> and a scikit-learn plan <c>np.ndarray</c>.
/// </summary>
public enum TensorKind
{
    /// <summary><c>np.ndarray</c>: what a tensor made in .NET is unless told otherwise.</summary>
    NumPyArray,

    /// <summary><c>torch.Tensor</c>.</summary>
    TorchTensor,
}
