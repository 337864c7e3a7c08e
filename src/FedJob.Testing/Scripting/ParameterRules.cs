using FedJob.Abstractions;

namespace FedJob.Testing.Scripting;

/// <summary>What torch or scikit-learn says of parameters that do not fit the model.</summary>
internal static class ParameterRules
{
    /// <summary>The exception's <c>repr</c>; null when the parameters fit.</summary>
    public static string? Problem(ModelParameters given, EmulatedPlan plan)
    {
        if (plan.ExpectedParameters is not { } expected)
        {
            return null;
        }

        if (expected.Any(e => e.Value.Kind == TensorKind.NumPyArray))
        {
            // The model sets each attribute it knows; no capture of this case exists, the texts are Python's and numpy's usual ones.
            foreach (var (name, tensor) in expected)
            {
                if (!given.TryGetValue(name, out ParameterTensor? found))
                {
                    return PythonText.Raised("KeyError", name);
                }

                if (found.Kind != TensorKind.NumPyArray || !found.Shape.SequenceEqual(tensor.Shape))
                {
                    return PythonText.Raised(
                        "ValueError", $"could not broadcast input array from shape ({Sizes(found)}) into shape ({Sizes(tensor)}) for {name}");
                }
            }

            string? extra = given.Names.FirstOrDefault(n => !expected.Names.Contains(n, StringComparer.Ordinal));
            return extra is null ? null : PythonText.Raised("AttributeError", $"model has no attribute '{extra}'");
        }

        if (!given.Names.ToHashSet(StringComparer.Ordinal).SetEquals(expected.Names))
        {
            // Logging the difference is broken in 4.5; this is what reaches the researcher.
            return PythonText.Raised("TypeError", "not all arguments converted during string formatting");
        }

        string[] wrong = [.. expected.Select(e => Problem(e.Key, given[e.Key], e.Value)).OfType<string>()];
        return wrong.Length == 0
            ? null
            : PythonText.Raised("RuntimeError", $"Error(s) in loading state_dict for {plan.ModelName}:\n\t" + string.Join("\n\t", wrong));
    }

    private static string? Problem(string name, ParameterTensor given, ParameterTensor expected) =>
        given.Kind != TensorKind.TorchTensor
            ? $"While copying the parameter named \"{name}\", expected torch.Tensor or Tensor-like object from checkpoint but received "
                + "<class 'numpy.ndarray'>"
            : given.Shape.SequenceEqual(expected.Shape)
                ? null
                : $"size mismatch for {name}: copying a param with shape torch.Size([{Sizes(given)}]) from checkpoint, "
                    + $"the shape in current model is torch.Size([{Sizes(expected)}]).";

    private static string Sizes(ParameterTensor tensor) => string.Join(", ", tensor.Shape);
}
