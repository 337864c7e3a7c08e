using System.Diagnostics;
using System.Net.Http.Headers;

namespace FedJob.Benchmarks.Rounds;

/// <summary>
/// What this machine can do, taken in the same run: plain HTTP with the same server, one file at a time and nothing done with its bytes; copies in memory on
/// one thread; plain file writing. Bytes per second, the median of several.
/// </summary>
internal sealed record Limits(double Get, double Post, double Copy, double FileWrite)
{
    private const int Times = 5;
    private const int CopyBytes = 100_000_000;

    public static async Task<Limits> MeasureAsync(Uri repository, Uri file, string uploaded, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        double get = await MedianAsync(() => GetAsync(http, file, cancellationToken));
        double post = await MedianAsync(() => PostAsync(http, new Uri(repository, "upload/"), uploaded, cancellationToken));
        byte[] source = GC.AllocateUninitializedArray<byte>(CopyBytes);
        byte[] copy = GC.AllocateUninitializedArray<byte>(CopyBytes);
        double copied = await MedianAsync(() =>
        {
            source.AsSpan().CopyTo(copy);
            return Task.FromResult(2L * CopyBytes);
        });
        double written = await MedianAsync(() => Task.FromResult(Write(source)));
        return new Limits(get, post, copied, written);
    }

    /// <summary>The least seconds that moving and adding a round's bytes takes.</summary>
    public double Floor(RoundSample round) => (round.BytesDown / Get) + (round.BytesUp / Post) + (round.BytesDown / Copy);

    private static async Task<double> MedianAsync(Func<Task<long>> work)
    {
        var rates = new List<double>();
        for (int i = 0; i <= Times; i++)
        {
            long began = Stopwatch.GetTimestamp();
            long bytes = await work();
            rates.Add(bytes / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return rates.Skip(1).Order().ElementAt(Times / 2);
    }

    private static async Task<long> GetAsync(HttpClient http, Uri file, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.GetAsync(file, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using Stream body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
        byte[] buffer = new byte[1 << 20];
        long bytes = 0;
        for (int read; (read = await body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            bytes += read;
        }

        return bytes;
    }

    private static async Task<long> PostAsync(HttpClient http, Uri address, string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(path);
        var content = new StreamContent(file, 1 << 20);
        content.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "\"file\"", FileName = $"\"raw_{Guid.NewGuid():N}.mpk\"" };
        using var form = new MultipartFormDataContent("fedjob-bench") { content };
        using HttpResponseMessage response = await http.PostAsync(address, form, cancellationToken);
        response.EnsureSuccessStatusCode();
        return file.Length;
    }

    private static long Write(byte[] bytes)
    {
        string path = Path.Combine(Path.GetTempPath(), $"bench_raw_{Guid.NewGuid():N}.bin");
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.DeleteOnClose);
        file.Write(bytes);
        return bytes.Length;
    }
}
