namespace FedJob.Abstractions;

/// <summary>Differential-privacy arguments of a training: <c>dp_args</c> on the wire.</summary>
public sealed record DifferentialPrivacyArgs
{
    private readonly double _sigma;
    private readonly double _clip;

    /// <summary>Where the noise is added; <c>type</c> on the wire.</summary>
    public required DifferentialPrivacyType Type { get; init; }

    /// <summary>The noise multiplier, finite and at least 0; <c>sigma</c> on the wire.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, NaN or infinite.</exception>
    public required double Sigma
    {
        get => _sigma;
        init => _sigma = double.IsFinite(value) && value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Sigma), value, "Sigma must be a finite number of at least 0.");
    }

    /// <summary>The norm gradients are clipped to, finite and above 0; <c>clip</c> on the wire.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0, NaN or infinite.</exception>
    public required double Clip
    {
        get => _clip;
        init => _clip = double.IsFinite(value) && value > 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Clip), value, "Clip must be a finite number above 0.");
    }
}
