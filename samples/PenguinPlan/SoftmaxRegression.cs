using System.Numerics.Tensors;

namespace Penguins;

/// <summary>A linear model for each class, <c>weight * x + bias</c>, made probabilities by the softmax function.</summary>
internal sealed class SoftmaxRegression(int classes, int features)
{
    private readonly float[] _weightGradient = new float[classes * features];
    private readonly float[] _biasGradient = new float[classes];
    private readonly float[] _probabilities = new float[classes];

    /// <summary>One row of weights a class, row after row.</summary>
    public float[] Weight { get; } = new float[classes * features];

    public float[] Bias { get; } = new float[classes];

    /// <summary>A model with small random weights.</summary>
    public static SoftmaxRegression CreateRandom(int classes, int features, Random random)
    {
        var model = new SoftmaxRegression(classes, features);
        foreach (ref float weight in model.Weight.AsSpan())
        {
            weight = (random.NextSingle() - 0.5f) * 0.02f;
        }

        return model;
    }

    public SoftmaxRegression Copy()
    {
        var copy = new SoftmaxRegression(classes, features);
        Weight.CopyTo(copy.Weight, 0);
        Bias.CopyTo(copy.Bias, 0);
        return copy;
    }

    public static int MostLikely(ReadOnlySpan<float> probabilities) => TensorPrimitives.IndexOfMax(probabilities);

    /// <summary>Fills in the probability of each class and returns the cross-entropy loss of the true one.</summary>
    public double Predict(ReadOnlySpan<float> x, Span<float> probabilities, int trueClass)
    {
        for (int c = 0; c < classes; c++)
        {
            probabilities[c] = TensorPrimitives.Dot(x, Row(Weight, c)) + Bias[c];
        }

        // The softmax does not change when all inputs do alike; with a largest input of 0 no exponential overflows.
        TensorPrimitives.Subtract(probabilities, TensorPrimitives.Max(probabilities), probabilities);
        TensorPrimitives.SoftMax(probabilities, probabilities);
        return -Math.Log(Math.Max(probabilities[trueClass], float.Epsilon));
    }

    /// <summary>One step of gradient descent on a batch; returns the batch's mean loss before the step.</summary>
    /// <param name="penguins">The data.</param>
    /// <param name="batch">The rows of the batch.</param>
    /// <param name="learningRate">How far to go along the mean gradient.</param>
    /// <param name="mu">
    /// The proximal coefficient of FedProx (Li et al. 2020): adds mu / 2 * |w - anchor|^2 to the loss; 0 is plain descent.
    /// </param>
    /// <param name="anchor">What the proximal term pulls towards.</param>
    public double Step(PenguinTable penguins, ReadOnlySpan<int> batch, double learningRate, double mu, SoftmaxRegression anchor)
    {
        Array.Clear(_weightGradient);
        Array.Clear(_biasGradient);
        double loss = 0;
        foreach (int row in batch)
        {
            ReadOnlySpan<float> x = penguins.GetMeasurements(row);
            int species = penguins.GetSpecies(row);
            loss += Predict(x, _probabilities, species);

            // The derivative of the loss by a class's linear output is its probability, less 1 for the true class.
            _probabilities[species] -= 1;
            TensorPrimitives.Add(_biasGradient, _probabilities, _biasGradient);
            for (int c = 0; c < classes; c++)
            {
                TensorPrimitives.MultiplyAdd(x, _probabilities[c], Row(_weightGradient, c), Row(_weightGradient, c));
            }
        }

        var gradientStep = (float)(-learningRate / batch.Length);
        var proximalStep = (float)(-learningRate * mu);
        Descend(Weight, _weightGradient, gradientStep, anchor.Weight, proximalStep);
        Descend(Bias, _biasGradient, gradientStep, anchor.Bias, proximalStep);
        return loss / batch.Length;
    }

    private static void Descend(Span<float> values, Span<float> gradient, float gradientStep, Span<float> anchor, float proximalStep)
    {
        Span<float> distance = stackalloc float[values.Length];
        TensorPrimitives.Subtract(values, anchor, distance);
        TensorPrimitives.MultiplyAdd(distance, proximalStep, values, values);
        TensorPrimitives.MultiplyAdd(gradient, gradientStep, values, values);
    }

    private Span<float> Row(float[] matrix, int row) => matrix.AsSpan(row * features, features);
}
