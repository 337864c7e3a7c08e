namespace FedJob.Metrics;

/// <summary>Fills a store from a live stream until it is disposed.</summary>
internal sealed class MetricRecorder : IAsyncDisposable
{
    private readonly MetricStore _store;
    private readonly Subscription<NodeMetric> _source;
    private readonly Task _recording;

    public MetricRecorder(MetricStore store, Subscription<NodeMetric> source)
    {
        (_store, _source) = (store, source);
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
        }
    }
}
