using System.Text;
using System.Text.Json;
using FedJob.Protocol.Messages;
using FedJob.Protocol.TrainingPlans;
using FedJob.Tests.Captures;
using FedJob.Tests.Protocol.Messages;
using FedJob.Tests.Protocol.TrainingPlans;

namespace FedJob.Tests.Protocol;

/// <summary>
/// The readers of what is neither a message nor a parameter file: whatever bytes come, a value or a typed refusal, in memory of at most ten
/// times the input beside a fixed allowance. Messages and parameter files have tests of their own beside theirs.
/// </summary>
public sealed class MutatedInputPropertyTests
{
    private const int Allowance = 1 << 18;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("input", "1")]
    [Trait("input", "2")]
    public void ReadTrainingArgs_MutatedCaptures_GiveArgumentsOrATypedRefusal(int seed)
    {
        var random = new Random(seed);
        byte[][] captures =
        [
            .. Directory.EnumerateFiles(Path.Combine(CaptureFolder.Own, "mqtt"), "*.jsonl").Order(StringComparer.Ordinal)
                .SelectMany(GoldenFixtures.Requests)
                .Where(r => r.Command == "train")
                .Select(r => Encoding.UTF8.GetBytes(r.Payload.GetProperty("training_args").GetRawText())),
        ];
        int refused = 0;
        for (int i = 0; i < 4000; i++)
        {
            byte[] mutated = ByteMutation.Of(captures[random.Next(captures.Length)], captures, random);
            Exception? refusal = Measure(mutated.Length, () => TrainingArgsJson.Read(mutated));
            Assert.True(refusal is null or MessageFormatException, refusal?.ToString());
            AssertElementAlike(mutated, refusal);
            refused += refusal is null ? 0 : 1;
        }

        Assert.InRange(refused, 1000, 3990);
    }

    [Fact]
    [Trait("input", "10")]
    public async Task ReadPlanBundle_MutatedBundles_GiveTheBundleOrATypedRefusal()
    {
        using var folder = new PlanFolder();
        folder.CompilePlan(PlanFolder.PlanSource());
        byte[] valid = (await folder.BundleAsync()).Bytes.ToArray();
        byte[][] other = [valid[..200], "PK\u0005\u0006"u8.ToArray(), "<!DOCTYPE html>"u8.ToArray()];
        var random = new Random(13);
        for (int i = 0; i < 1500; i++)
        {
            byte[] mutated = ByteMutation.Of(valid, other, random);
            Exception? refusal = Measure(mutated.Length, () => PlanBundle.Read(mutated));
            Assert.True(refusal is TrainingPlanException || mutated.AsSpan().SequenceEqual(valid), refusal?.ToString() ?? "a mutated bundle was read");
        }
    }

    /// <summary>What was parsed elsewhere is judged as the bytes are, where a JSON parser takes them at all.</summary>
    private static void AssertElementAlike(byte[] mutated, Exception? refusal)
    {
        JsonElement element;
        try
        {
            using JsonDocument document = JsonDocument.Parse(mutated);
            element = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return;
        }

        Exception? second = Record.Exception(() => TrainingArgsJson.Read(element));
        Assert.Equal(refusal?.GetType(), second?.GetType());
    }

    private static Exception? Measure(int length, Func<object> read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception? refusal = Record.Exception(() => _ = read());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (10L * length) + Allowance);
        return refusal;
    }
}
