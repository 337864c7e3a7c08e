namespace FedJob.Aggregation;

/// <summary>One step of a server optimizer over a run of elements, in double precision. Every span is of the same length.</summary>
public readonly ref struct ServerStep
{
    internal ServerStep(long number, ReadOnlySpan<double> delta, Span<double> firstMoment, Span<double> secondMoment, Span<double> direction)
    {
        Number = number;
        Delta = delta;
        FirstMoment = firstMoment;
        SecondMoment = secondMoment;
        Direction = direction;
    }

    /// <summary>The number of the step, counted from 1.</summary>
    public long Number { get; }

    /// <summary>The mean change of the nodes, sum_i p_i (w_i - w): the paper's pseudo-gradient, pointing downhill.</summary>
    public ReadOnlySpan<double> Delta { get; }

    /// <summary>The first moment m, to be renewed in place; zeros before the first step.</summary>
    public Span<double> FirstMoment { get; }

    /// <summary>The second moment v, to be renewed in place; zeros before the first step, empty where the rule has none.</summary>
    public Span<double> SecondMoment { get; }

    /// <summary>Where the rule writes the direction d; the parameters become w + learning rate * d.</summary>
    public Span<double> Direction { get; }
}
