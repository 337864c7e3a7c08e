namespace FedJob.Metrics;

/// <summary>Fills a store from a live stream until it is disposed.</summary>
internal sealed class MetricRecorder : IAsyncDisposable
{
    private readonly MetricStore _store;
    private readonly Subscription<NodeMetric> _source;
    private readonly Action<NodeMetric> _also;
    private readonly Task _recording;

    public MetricRecorder(MetricStore store, Subscription<NodeMetric> source, Action<NodeMetric> also)
    {
        (_store, _source, _also) = (store, source, also);
        _recording = RecordAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _source.Dispose();
        await _recording.ConfigureAwait(false);
        _store.End();
    }

    private async Task RecordAsync()
    {
        await foreach (NodeMetric metric in _source.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            _store.Add(metric);
            _also(metric);
        }
    }
}
