using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FedJob.Testing;

namespace FedJob.IntegrationTests.Storage;

/// <summary>The local repository answers as the captured one did.</summary>
public sealed partial class LocalRepositoryGoldenTests
{
    private static readonly string[] NotCompared = ["server", "date", "last-modified"];

    public static TheoryData<string> Captures =>
    [
        .. Directory.Exists(CaptureDirectory)
            ? Directory.GetFiles(CaptureDirectory, "*.req").Select(path => Path.GetFileNameWithoutExtension(path)!).Order().ToArray()
            : [],
    ];

    private static string CaptureDirectory => Path.Combine(
        Environment.GetEnvironmentVariable("FEDJOB_FIXTURES") is { Length: > 0 } directory
            ? directory
            : Path.Combine(AppContext.BaseDirectory, "Golden"),
        "http");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Captures))]
    public async Task Request_AsCaptured_AnsweredAsCaptured(string name)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        byte[] request = await File.ReadAllBytesAsync(Path.Combine(CaptureDirectory, name + ".req"), cancellationToken);
        RawHttp expected = RawHttp.Parse(await File.ReadAllBytesAsync(Path.Combine(CaptureDirectory, name + ".resp"), cancellationToken));
        var captured = new Capture(Encoding.Latin1.GetString(request), expected);
        await using LocalRepository repository = await LocalRepository.StartAsync(
            new LocalRepositoryOptions { TimeProvider = new FixedClock(captured.Time) }, cancellationToken);
        foreach (byte[] earlier in captured.Earlier())
        {
            Assert.Equal("HTTP/1.1 201 Created", (await RawHttp.SendAsync(repository.Address, earlier, cancellationToken)).StatusLine);
        }

        RawHttp got = await RawHttp.SendAsync(repository.Address, request, cancellationToken);

        Assert.Equal(expected.StatusLine, got.StatusLine);
        Assert.Equal(captured.Comparable(expected.Body), captured.Comparable(got.Body));
        Assert.Equal(captured.ComparableHeaders(expected), captured.ComparableHeaders(got));
        Assert.Equal(expected.Headers.ContainsKey("last-modified"), got.Headers.ContainsKey("last-modified"));
    }

    [Fact]
    public void Captures_Directory_HoldsSome()
    {
        Assert.SkipUnless(Directory.Exists(CaptureDirectory), $"There is no directory '{CaptureDirectory}' with captures.");

        Assert.NotEmpty(Captures);
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex IdPattern();

    [GeneratedRegex("\"created_at\":\"[0-9T:.-]+Z\"")]
    private static partial Regex CreatedAtPattern();

    [GeneratedRegex("/media/(?<path>[^\"]*/)(?<root>[^\"/]*)_[A-Za-z0-9]{7}(?<extension>(\\.[^\"/.]*)?)\"")]
    private static partial Regex SuffixedPattern();

    [GeneratedRegex("/media/uploads/(?<date>\\d{4}/\\d\\d/\\d\\d)/(?<name>[^\" ?]+)")]
    private static partial Regex MediaPattern();

    /// <summary>What must have happened before a captured request, and what of its response repeats.</summary>
    private sealed class Capture
    {
        private readonly string _request;
        private readonly RawHttp _response;
        private readonly bool _suffixed;

        public Capture(string request, RawHttp response)
        {
            _request = request;
            _response = response;
            Match media = MediaPattern().Match(request.Split("\r\n")[0] + response.Body);
            Time = media.Success
                ? DateTimeOffset.ParseExact(
                    media.Groups["date"].Value, "yyyy/MM/dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
                : DateTimeOffset.UnixEpoch;
            string stored = MediaPattern().Match(response.Body).Groups["name"].Value;
            _suffixed = SuffixedPattern().IsMatch(response.Body) && !request.Contains(stored, StringComparison.Ordinal);
        }

        /// <summary>The day of the capture: paths hold it.</summary>
        public DateTimeOffset Time { get; }

        /// <summary>The requests that bring a fresh repository to the state of the captured one.</summary>
        public IEnumerable<byte[]> Earlier()
        {
            Match asked = MediaPattern().Match(_request.Split("\r\n")[0]);
            if (asked.Success && _response.StatusLine.Contains(" 200 ", StringComparison.Ordinal))
            {
                string name = Uri.UnescapeDataString(asked.Groups["name"].Value);
                string form = $"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
                    + $"{_response.Body}\r\n--b--\r\n";
                yield return Encoding.Latin1.GetBytes(
                    $"POST /upload/ HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                    + $"Content-Length: {form.Length}\r\n\r\n{form}");
            }

            if (_suffixed)
            {
                yield return Encoding.Latin1.GetBytes(_request);
            }
        }

        public string Comparable(string text)
        {
            text = IdPattern().Replace(text, match => _request.Contains(match.Value, StringComparison.Ordinal) ? match.Value : "{id}");
            text = CreatedAtPattern().Replace(text, "\"created_at\":\"{time}\"");
            return _suffixed ? SuffixedPattern().Replace(text, "/media/${path}${root}_{suffix}${extension}\"") : text;
        }

        public SortedDictionary<string, string> ComparableHeaders(RawHttp message) => new(message.Headers
            .Where(header => !NotCompared.Contains(header.Key))
            .ToDictionary(header => header.Key, header => Comparable(header.Value)));
    }
}
