using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Protocol.Messages;

/// <summary>
/// What made a captured node deaf, or was refused by it, cannot leave FedJob: the reader that a FedJob node uses refuses it, or the gate
/// refuses to write it. What a node took is taken too, but for what <see cref="RefusedRequests"/> tells.
/// </summary>
[Trait("input", "1")]
[Trait("input", "2")]
public sealed class NodeReactionGoldenTests
{
    [Theory(SkipTestWithoutData = true)]
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
            else if (one.GetProperty("sent").ValueKind == JsonValueKind.Object && RefusedRequests.Why(one.GetProperty("sent")) is { } reason)
            {
                Assert.True(refusal is not null, $"{name}: neither the reader nor the gate refuses it, although {reason}.");
            }
            else if (answers.Any(IsAboutTheRequest))
            {
                Assert.True(refusal is not null, $"{name}: neither the reader nor the gate refuses it.");
            }
            else if (!answers.Any(IsFailure))
            {
                Assert.True(refusal is null, $"{name}: the node took it, FedJob does not: {refusal}");
                string? difference = JsonDifference.Find(WithDefaults(sent), MessageWriter.Write(request!));
                Assert.True(difference is null, $"{name}: {difference}");
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

    /// <summary>FB300 is any failure inside a task; only these texts blame the request's own form.</summary>
    private static bool IsAboutTheRequest(JsonElement answer) => IsError(answer, "FB300")
        && answer.GetProperty("extra_msg").GetString() is { } text
        && (text.Contains("FB414", StringComparison.Ordinal) || text.Contains("is not valid", StringComparison.Ordinal));

    private static bool IsFailure(JsonElement answer) =>
        answer.TryGetProperty("success", out JsonElement success) && success.ValueKind == JsonValueKind.False;

    /// <summary>FedJob writes all training arguments; a node takes a request with fewer for one with the defaults.</summary>
    private static byte[] WithDefaults(byte[] sent)
    {
        JsonNode request = JsonNode.Parse(sent)!;
        if (request["training_args"] is JsonObject args)
        {
            JsonObject all = JsonNode.Parse("""
                {
                    "loader_args": {}, "optimizer_args": {}, "epochs": null, "num_updates": null, "dry_run": false, "batch_maxnum": null,
                    "test_ratio": 0.0, "test_on_local_updates": false, "test_on_global_updates": false, "test_metric": null,
                    "test_metric_args": {}, "log_interval": 10, "fedprox_mu": null, "use_gpu": false, "dp_args": null,
                    "share_persistent_buffers": true, "random_seed": null
                }
                """)!.AsObject();
            foreach ((string name, JsonNode? value) in args.DeepClone().AsObject().ToArray())
            {
                args.Remove(name);
                all[name] = value?.DeepClone();
            }

            request["training_args"] = all;
        }

        return Encoding.UTF8.GetBytes(request.ToJsonString());
    }

    private static byte[] Sent(JsonElement sent) =>
        sent.ValueKind == JsonValueKind.String ? PythonLiteral.Bytes(sent.GetString()!) : Encoding.UTF8.GetBytes(sent.GetRawText());
}
