using System.Text;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// Feeds mutated captures to both readers: a message or a reason, never an exception, and memory in proportion to the input.
/// </summary>
[Trait("input", "1")]
[Trait("input", "2")]
[Trait("input", "5")]
[Trait("input", "7")]
public sealed class MessageReaderFuzzTests
{
    private const int FixedAllowance = 32 * 1024;

    private static readonly string[] Tokens =
    [
        "null", "NaN", "Infinity", "-1", "1e999", "0", "1.0", "true", "\"\"", "\"..\"", "\"\\ud800\"", "{}", "[]", "[[[[", "}}", "\"a/b\"",
        ",", ":",
        "\"command\":\"ping\",", "\"protocol_version\":\"2\",", new string('9', 5000), new string('[', 10_000), "{\"a\":1,\"a\":2}",
        "\u0000", "\uFEFF",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TryRead_MutatedCapture_NeverThrowsAndStaysBounded(int seed)
    {
        var random = new Random(seed);
        byte[][] captures = [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Golden", "mqtt"), "*.jsonl")
            .Order(StringComparer.Ordinal)
            .SelectMany(f => GoldenFixtures.Messages(f))
                .Select(c => c.Bytes)];
        int read = 0;
        for (int i = 0; i < 4_000; i++)
        {
            byte[] mutated = captures[random.Next(captures.Length)];
            for (int mutations = random.Next(1, 4); mutations > 0; mutations--)
            {
                mutated = Mutate(mutated, captures[random.Next(captures.Length)], random);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            bool fromNode = MessageReader.TryReadFromNode(mutated, out NodeMessage? message, out string? rejection);
            bool fromResearcher = MessageReader.TryReadFromResearcher(mutated, out ResearcherRequest? request, out string? refusal);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > (2 * 10 * mutated.Length) + FixedAllowance)
            {
                // What a first use sets up once for the process is not the message's; the second reading shows what is.
                before = GC.GetAllocatedBytesForCurrentThread();
                _ = MessageReader.TryReadFromNode(mutated, out _, out _);
                _ = MessageReader.TryReadFromResearcher(mutated, out _, out _);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            AssertOneOrOther(fromNode, message, rejection);
            AssertOneOrOther(fromResearcher, request, refusal);
            Assert.True(allocated <= (2 * 10 * mutated.Length) + FixedAllowance, $"{allocated} bytes for an input of {mutated.Length}.");
            read += fromNode || fromResearcher ? 1 : 0;
        }

        Assert.InRange(read, 100, 3_900);
    }

    private static void AssertOneOrOther(bool read, object? message, string? rejection)
    {
        Assert.Equal(read, message is not null);
        Assert.Equal(read, rejection is null);
        if (rejection is not null)
        {
            Assert.InRange(rejection.Length, 10, 1000);
            Assert.DoesNotContain(rejection, char.IsControl);
        }
    }

    private static byte[] Mutate(byte[] source, byte[] other, Random random)
    {
        int at = random.Next(source.Length + 1);
        int to = Math.Min(source.Length, at + random.Next(1, 40));
        return random.Next(7) switch
        {
            0 => source[..at],
            1 => [.. source[..at], (byte)random.Next(256), .. source[Math.Min(source.Length, at + 1)..]],
            2 => [.. source[..at], .. source[to..]],
            3 => [.. source[..at], .. Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]), .. source[at..]],
            4 => [.. source[..at], .. other[Math.Min(other.Length, at)..]],
            5 => [.. source[..to], .. source[at..]],
            _ => ReplaceValue(source, random),
        };
    }

    /// <summary>
    /// Puts another value where one stands behind a colon: the JSON stays JSON, so that the checks of fields are reached.
    /// </summary>
    private static byte[] ReplaceValue(byte[] source, Random random)
    {
        int[] colons = [.. Enumerable.Range(0, source.Length).Where(i => source[i] == (byte)':')];
        if (colons.Length == 0)
        {
            return source;
        }

        int start = colons[random.Next(colons.Length)] + 1;
        int end = Array.FindIndex(source, start, b => b is (byte)',' or (byte)'}');
        return end < 0 ? source : [.. source[..start], .. Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]), .. source[end..]];
    }
}
