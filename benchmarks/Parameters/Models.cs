using FedJob.Abstractions;

namespace FedJob.Benchmarks.Parameters;

/// <summary>Models of the sizes asked for.</summary>
internal static class Models
{
    /// <summary>Float32 torch tensors of 25 million elements at most, so that none needs an array of its own kind.</summary>
    public static ModelParameters Make(long bytes, int seed) => Make(bytes, seed, 25_000_000);

    /// <summary>Float32 torch tensors of so many elements; the last may have fewer.</summary>
    public static ModelParameters Make(long bytes, int seed, int elements)
    {
        var random = new Random(seed);
        var model = new ModelParameters();
        for (long rest = bytes / sizeof(float); rest > 0; rest -= elements)
        {
            var values = new float[Math.Min(elements, rest)];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(random.NextDouble() - 0.5);
            }

            model[$"layer{model.Count}.weight"] = ParameterTensor.FromMemory<float>(values, [values.Length], TensorKind.TorchTensor);
        }

        return model;
    }
}
