using System.Globalization;
using System.Text;
using System.Text.Json;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// What made a captured node deaf, or was refused by it, cannot leave FedJob: the reader that a FedJob node uses refuses it, or the gate
/// refuses to write it. What a node took is taken too, but for the cases listed here.
/// </summary>
[Trait("input", "1")]
[Trait("input", "2")]
public sealed class NodeReactionGoldenTests
{
    /// <summary>Messages that a node takes, or refuses only later, and FedJob never sends; each with its reason.</summary>
    private static readonly Dictionary<string, string> Stricter = new(StringComparer.Ordinal)
    {
        ["train: round true (bool is an int in Python)"] = "round is a number",
        ["train: secagg_random float, no secagg ids"] = "the node trains in clear although secure aggregation was meant",
        ["train: secagg_servkey_id only"] = "the node can only fail it",
        ["train: secagg ids without random"] = "the node can only fail it",
        ["train: params_url empty string"] = "the node can only fail it",
        ["train: training_args {}"] = "neither epochs nor num_updates: nothing to train",
        ["train: training_args no epochs nor num_updates"] = "nothing to train",
        ["train: training_args epochs 1.0"] = "a count has no point; it happens to pass",
        ["train: training_args test_metric unknown"] = "the node ignores it silently",
        ["train: training_args test_metric lower case"] = "the node ignores it silently",
        ["secagg: element 7"] = "no such element",
        ["secagg: 2 parties"] = "the node can only fail it",
        ["secagg: researcher not first"] = "the node can only fail it",
        ["secagg biprime with a job_id"] = "the node can only fail it",
        ["secagg-delete element 9"] = "no such element",
        ["protocol_version \"1.0\""] = "the version is \"1\"; it happens to pass for a ping",
    };

    /// <summary>Messages that FedJob takes and writes again with the defaults that the sender left out.</summary>
    private static readonly HashSet<string> WrittenWithDefaults = new(StringComparer.Ordinal)
    {
        "train: training_args dry_run missing",
        "train: training_args only required ones",
    };

    [Theory]
    [MemberData(nameof(GoldenFixtures.Reactions), MemberType = typeof(GoldenFixtures))]
    public void TryReadFromResearcher_WhatWasSentToANode_IsRefusedWhereTheNodeRefused(string file)
    {
        foreach (JsonElement one in GoldenFixtures.Cases(file))
        {
            string name = one.GetProperty("case").GetString()!;
            byte[] sent = Sent(one.GetProperty("sent"));
            bool read = MessageReader.TryReadFromResearcher(sent, out ResearcherRequest? request, out string? rejection);
            string? refusal = rejection ?? Refusal(request!);
            JsonElement[] answers = [.. one.GetProperty("received").EnumerateArray().Select(r => r.GetProperty("payload"))];

            if (!one.GetProperty("answers_ping_after").GetBoolean() || answers.Any(a => IsError(a, "FB301")))
            {
                Assert.False(read, $"{name}: the node refused it, FedJob's reader does not.");
                Assert.EndsWith(".", rejection);
            }
            else if (answers.Any(a => IsError(a, "FB300")) || Stricter.ContainsKey(name))
            {
                Assert.True(refusal is not null, $"{name}: neither the reader nor the gate refuses it.");
            }
            else if (!answers.Any(IsFailure))
            {
                Assert.True(refusal is null, $"{name}: the node took it, FedJob does not: {refusal}");
                string? difference = JsonDifference.Find(sent, MessageWriter.Write(request!));
                Assert.True(difference is null || WrittenWithDefaults.Contains(name), $"{name}: {difference}");
            }
        }
    }

    private static string? Refusal(ResearcherRequest request)
    {
        try
        {
            MessageWriter.Write(request);
            return null;
        }
        catch (MessageFormatException e)
        {
            return e.Message;
        }
    }

    private static bool IsError(JsonElement answer, string number) =>
        answer.GetProperty("command").GetString() == "error" && answer.GetProperty("errnum")
            .GetString()!.StartsWith(number, StringComparison.Ordinal);

    private static bool IsFailure(JsonElement answer) =>
        answer.TryGetProperty("success", out JsonElement success) && success.ValueKind == JsonValueKind.False;

    /// <summary>The bytes that were sent: JSON as it is, or the Python form of a text ('...') or of bytes (b'...').</summary>
    private static byte[] Sent(JsonElement sent)
    {
        if (sent.ValueKind != JsonValueKind.String)
        {
            return Encoding.UTF8.GetBytes(sent.GetRawText());
        }

        string python = sent.GetString()!;
        if (!python.StartsWith("b'", StringComparison.Ordinal))
        {
            return Encoding.UTF8.GetBytes(python[1..^1]);
        }

        string[] hexadecimal = python[2..^1].Split("\\x", StringSplitOptions.RemoveEmptyEntries);
        return [.. hexadecimal.Select(h => byte.Parse(h, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
    }
}
