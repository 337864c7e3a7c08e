using FedJob.Abstractions;

namespace FedJob.Loop;

/// <summary>
/// The local learning rate of each round: the entry <c>lr</c> of <see cref="TrainingArgs.OptimizerArgs"/>. It depends on the number of the round alone, counted from
/// the job's first, so that a resumed job goes on where it was.
/// </summary>
public sealed class LearningRateSchedule
{
    private readonly Func<int, double> _rate;

    private LearningRateSchedule(Func<int, double> rate) => _rate = rate;

    /// <summary>The same rate in every round.</summary>
    /// <param name="rate">The rate, finite and above 0.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not allowed.</exception>
    public static LearningRateSchedule Constant(double rate)
    {
        Check(rate, nameof(rate));
        return new LearningRateSchedule(_ => rate);
    }

    /// <summary>Multiplied by a factor every few rounds: initial x factor^floor(round / every).</summary>
    /// <param name="initial">The rate of the first rounds, finite and above 0.</param>
    /// <param name="factor">The factor, finite and above 0; below 1 to decay.</param>
    /// <param name="every">How many rounds a step lasts, at least 1.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is not allowed.</exception>
    public static LearningRateSchedule Step(double initial, double factor, int every)
    {
        Check(initial, nameof(initial));
        Check(factor, nameof(factor));
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        return new LearningRateSchedule(round => initial * Math.Pow(factor, round / every));
    }

    /// <summary>Multiplied by a factor every round: initial x factor^round.</summary>
    /// <param name="initial">The rate of the first round, finite and above 0.</param>
    /// <param name="factor">The factor, finite and above 0; below 1 to decay.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is not allowed.</exception>
    public static LearningRateSchedule Exponential(double initial, double factor) => Step(initial, factor, 1);

    /// <summary>
    /// Down half a cosine: minimum + (initial - minimum) (1 + cos(pi round / rounds)) / 2, and the minimum from that round on (Loshchilov and Hutter 2017, "SGDR",
    /// equation 5, without restarts).
    /// </summary>
    /// <param name="initial">The rate of the first round, finite and above 0.</param>
    /// <param name="minimum">The rate at the end, above 0, at most the initial one.</param>
    /// <param name="rounds">In how many rounds the minimum is reached, at least 1.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is not allowed.</exception>
    public static LearningRateSchedule Cosine(double initial, double minimum, int rounds)
    {
        Check(initial, nameof(initial));
        Check(minimum, nameof(minimum));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minimum, initial);
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        return new LearningRateSchedule(round => round >= rounds ? minimum : minimum + ((initial - minimum) * (1 + Math.Cos(Math.PI * round / rounds)) / 2));
    }

    /// <summary>A schedule of the caller's.</summary>
    /// <param name="rate">The rate by the number of the round, counted from 0. The same round must give the same rate, or a resumed job goes on differently.</param>
    /// <returns>The schedule.</returns>
    public static LearningRateSchedule From(Func<int, double> rate)
    {
        ArgumentNullException.ThrowIfNull(rate);
        return new LearningRateSchedule(rate);
    }

    /// <summary>The rate of a round.</summary>
    /// <param name="round">The round, counted from 0.</param>
    /// <returns>The rate, finite and above 0.</returns>
    /// <exception cref="FedJobException">A schedule of the caller's threw, or gave what is no rate or a built-in one has decayed to 0 or grown beyond all
    /// numbers (<see cref="FedJobErrorCode.ExtensionFailed"/>).</exception>
    public double At(int round)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(round);
        double rate;
        try
        {
            rate = _rate(round);
        }
        catch (Exception thrown) when (thrown is not FedJobException)
        {
            throw new FedJobException(
                FedJobErrorCode.ExtensionFailed, $"The learning-rate schedule threw {thrown.GetType().Name} for round {round}: {thrown.Message}", thrown)
            { Round = round };
        }

        return double.IsFinite(rate) && rate > 0
            ? rate
            : throw new FedJobException(
                FedJobErrorCode.ExtensionFailed, $"The learning-rate schedule gave {rate} for round {round}; a rate is a finite number above 0.")
            { Round = round };
    }

    private static void Check(double value, string name)
    {
        if (!double.IsFinite(value) || value <= 0)
        {
            throw new ArgumentOutOfRangeException(name, value, "A finite number above 0 is expected.");
        }
    }
}
