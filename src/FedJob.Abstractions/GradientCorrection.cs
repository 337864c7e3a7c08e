using System.Numerics;

namespace FedJob.Abstractions;

/// <summary>
/// The node's side of FedProx and SCAFFOLD: what is added to a gradient before each local step, g + mu (w - w_round) - d. The proximal term
/// (Li et al. 2020) is there when <see cref="TrainingArgs.FedProxMu"/> is set; the correction d = c_i - c (Karimireddy et al. 2020) when
/// the rule sent one for this node.
/// </summary>
/// <remarks>
/// A plan that trains by gradients of its own applies it to every parameter before every step; <see cref="SgdTrainingPlan{T}"/> does so.
/// </remarks>
/// <example><code>
/// var correction = GradientCorrection.Begin(context, GetParameters());
/// // in each step, when the gradient of the loss is known:
/// correction.Apply("weight", weight, gradient);
/// </code></example>
public sealed class GradientCorrection
{
    /// <summary>The name under which a rule sends d; the wire's.</summary>
    public const string CorrectionArgument = "aggregator_correction";

    private readonly ModelParameters _start;
    private readonly ModelParameters? _correction;

    private GradientCorrection(double mu, ModelParameters start, ModelParameters? correction) =>
        (Mu, _start, _correction) = (mu, start, correction);

    /// <summary>The proximal coefficient; 0 where there is none.</summary>
    public double Mu { get; }

    /// <summary>Whether the gradients stay as they are.</summary>
    public bool IsNone => Mu == 0 && _correction is null;

    /// <summary>Prepares the correction of one training. Valid as long as the context is.</summary>
    /// <param name="context">What the training got.</param>
    /// <param name="start">The parameters the training starts from, which it must not change: the global ones of the round.</param>
    /// <returns>The correction; <see cref="IsNone"/> under rules that need none.</returns>
    /// <exception cref="FedJobException">The correction that came does not fit the model
    /// (<see cref="FedJobErrorCode.ParametersMismatch"/>).</exception>
    public static GradientCorrection Begin(TrainingContext context, ModelParameters start)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(start);
        ModelParameters? correction = context.AggregatorTensors.GetValueOrDefault(CorrectionArgument);
        foreach ((string name, ParameterTensor tensor) in correction ?? [])
        {
            if (!start.TryGetValue(name, out ParameterTensor? mine)
                || mine.ElementType != tensor.ElementType
                || !mine.Shape.SequenceEqual(tensor.Shape))
            {
                throw new FedJobException(
                    FedJobErrorCode.ParametersMismatch,
                    $"The aggregator's correction has tensor '{name}' as {tensor}, the model "
                    + $"{mine?.ToString() ?? "none of this name"}; the rule was made for another model.");
            }
        }

        return new GradientCorrection(context.TrainingArgs.FedProxMu ?? 0, start, correction);
    }

    /// <summary>Corrects the gradient of one parameter in place.</summary>
    /// <typeparam name="T">The element type of the parameter.</typeparam>
    /// <param name="name">The parameter.</param>
    /// <param name="values">Its current values.</param>
    /// <param name="gradient">The gradient of the local loss; g + mu (w - w_round) - d afterwards.</param>
    /// <exception cref="ArgumentException">The lengths differ from the parameter's.</exception>
    /// <exception cref="KeyNotFoundException">The model has no parameter of this name.</exception>
    public void Apply<T>(string name, ReadOnlySpan<T> values, Span<T> gradient)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> start = _start[name].AsSpan<T>();
        if (values.Length != start.Length || gradient.Length != start.Length)
        {
            throw new ArgumentException(
                $"Parameter '{name}' has {start.Length} elements; {values.Length} values and a gradient of {gradient.Length} were given.");
        }

        if (Mu != 0)
        {
            T mu = T.CreateChecked(Mu);
            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i] += mu * (values[i] - start[i]);
            }
        }

        if (_correction is not null && _correction.TryGetValue(name, out ParameterTensor? tensor))
        {
            ReadOnlySpan<T> correction = tensor.AsSpan<T>();
            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i] -= correction[i];
            }
        }
    }
}
