using System.Diagnostics;
using System.Net.Http.Headers;

namespace FedJob.Benchmarks.Rounds;

/// <summary>
/// Takes the limits: HTTP once after each round, so that it meets the machine, its memory and its disk as the round met them; memory and disk in the end, since
/// their buffers would count as the rounds' memory.
/// </summary>
internal sealed class LimitSampler(Uri repository) : IDisposable
{
    private const int CopyBytes = 100_000_000;
    private const int Times = 5;

    private readonly HttpClient _http = new();
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly List<double> _gets = [];
    private readonly List<double> _posts = [];

    /// <summary>Takes one sample of a download and an upload.</summary>
    /// <param name="file">What a node uploaded.</param>
    /// <param name="uploaded">What the researcher uploads.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task SampleAsync(Uri file, string uploaded, CancellationToken cancellationToken)
    {
        _gets.Add(await RateAsync(() => GetAsync(file, cancellationToken)));
        _posts.Add(await RateAsync(() => PostAsync(uploaded, cancellationToken)));
    }

    /// <summary>Takes the others, and the medians of all.</summary>
    public async Task<Limits> FinishAsync()
    {
        byte[] source = GC.AllocateUninitializedArray<byte>(CopyBytes);
        byte[] copy = GC.AllocateUninitializedArray<byte>(CopyBytes);
        List<double> copies = [];
        List<double> writes = [];
        for (int i = 0; i <= Times; i++)
        {
            copies.Add(await RateAsync(() => Task.FromResult(Copy(source, copy))));
            writes.Add(await RateAsync(() => Task.FromResult(Write(source))));
        }

        // The first of these meet memory that was never used.
        return new Limits(Median(_gets), Median(_posts), Median(copies[1..]), Median(writes[1..]));
    }

    public void Dispose() => _http.Dispose();

    private static async Task<double> RateAsync(Func<Task<long>> work)
    {
        long began = Stopwatch.GetTimestamp();
        long bytes = await work();
        return bytes / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static double Median(List<double> rates) => rates.Order().ElementAt(rates.Count / 2);

    private async Task<long> GetAsync(Uri file, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.GetAsync(file, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using Stream body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
        long bytes = 0;
        for (int read; (read = await body.ReadAsync(_buffer, cancellationToken)) > 0;)
        {
            bytes += read;
        }

        return bytes;
    }

    private async Task<long> PostAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(path);
        var content = new StreamContent(file, 1 << 20);
        content.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "\"file\"", FileName = $"\"raw_{Guid.NewGuid():N}.mpk\"" };
        using var form = new MultipartFormDataContent("fedjob-bench") { content };
        using HttpResponseMessage response = await _http.PostAsync(new Uri(repository, "upload/"), form, cancellationToken);
        response.EnsureSuccessStatusCode();
        return file.Length;
    }

    private static long Copy(byte[] source, byte[] copy)
    {
        source.AsSpan().CopyTo(copy);
        return 2L * CopyBytes;
    }

    private static long Write(byte[] source)
    {
        string path = Path.Combine(Path.GetTempPath(), $"bench_raw_{Guid.NewGuid():N}.bin");
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.DeleteOnClose);
        file.Write(source);
        return CopyBytes;
    }
}
