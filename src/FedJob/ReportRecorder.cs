using FedJob.Abstractions;

namespace FedJob;

/// <summary>Keeps what a plan reports while it trains, and passes it on to the caller.</summary>
internal sealed class ReportRecorder(IProgress<MetricReport>? progress) : IProgress<MetricReport>
{
    private const int Capacity = 100_000;
    private readonly Lock _lock = new();
    private readonly Queue<MetricReport> _reports = new();
    private FedJobException? _failure;

    public void Report(MetricReport value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (_lock)
        {
            if (_reports.Count == Capacity)
            {
                _reports.Dequeue();
            }

            _reports.Enqueue(value);
        }

        try
        {
            progress?.Report(value);
        }
        catch (Exception thrown)
        {
            // Remembered too: a plan that swallows what its progress throws must not turn the caller's failure into a success.
            _failure = new FedJobException(
                FedJobErrorCode.ExtensionFailed, $"LocalJobOptions.Progress threw {thrown.GetType().Name}: {thrown.Message}", thrown);
            throw _failure;
        }
    }

    public void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw _failure;
        }
    }

    public MetricReport[] ToArray()
    {
        lock (_lock)
        {
            return [.. _reports];
        }
    }
}
