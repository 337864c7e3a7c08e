using FedJob.Abstractions;

namespace FedJob.Tests.Aggregation;

/// <summary>Descends f(x) = a / 2 (x - b)^2, so that every step is known in closed form.</summary>
internal sealed class QuadraticPlan(double a, double b) : SgdTrainingPlan<double>
{
    private readonly ModelVariable<double> _x = new("x", [0.0]);

    public static ModelParameters At(double x) => new() { ["x"] = ParameterTensor.FromArray(new[] { x }) };

    protected override IEnumerable<ModelVariable<double>> CreateVariables(InitializationContext context) => [_x];

    protected override double ComputeGradient(LocalDataset dataset, IReadOnlyList<int> batch)
    {
        double off = _x.Values[0] - b;
        _x.Gradient[0] = a * off;
        return a / 2 * off * off;
    }

    public override ValueTask<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken) => throw new NotSupportedException();
}
