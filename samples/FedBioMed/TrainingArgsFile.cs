using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedBioMed;

/// <summary>Training arguments from a JSON file with Fed-BioMed's seventeen names, as strict as the nodes are.</summary>
internal static class TrainingArgsFile
{
    // Most JSON writers print 1.0 as 1. Here alone a whole number is taken for a float; on the wire it has its point.
    private static readonly string[] Floats = ["test_ratio", "fedprox_mu"];
    private static readonly string[] PrivacyFloats = ["sigma", "clip"];

    /// <exception cref="UsageException">The file or an argument is wrong; the message names the argument, its value and the accepted form.</exception>
    public static TrainingArgs Read(string path)
    {
        using JsonDocument document = JsonFile.ReadObject("--training-args", path);
        JsonObject json = JsonObject.Create(document.RootElement.Clone())!;
        AddPoints(json, Floats);
        if (json["dp_args"] is JsonObject privacy)
        {
            AddPoints(privacy, PrivacyFloats);
        }

        try
        {
            TrainingArgs args = TrainingArgsJson.Read(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(json));
            CheckRules(args, path);
            return args;
        }
        catch (MessageFormatException wrong)
        {
            throw new UsageException($"--training-args {path}: {wrong.Message.TrimEnd('.')}");
        }
    }

    private static void AddPoints(JsonObject json, string[] names)
    {
        foreach (string name in names)
        {
            if (json[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.ToJsonString() is var text
                && text.All(c => char.IsAsciiDigit(c) || c == '-'))
            {
                json[name] = JsonNode.Parse($"{text}.0");
            }
        }
    }

    /// <summary>The rules between arguments, under the names of the file.</summary>
    private static void CheckRules(TrainingArgs args, string path)
    {
        string? broken = args switch
        {
            { Epochs: null, UpdateCount: null } => "epochs and num_updates are both unset, so there is nothing to train: set one of them to 1 or more",
            { Epochs: { } epochs, UpdateCount: { } updates } => $"epochs ({epochs}) and num_updates ({updates}) exclude each other: set one of them",
            { TestRatio: >= 1 } => $"test_ratio is {args.TestRatio:0.0##}, which leaves no sample to train on: set it below 1.0",
            _ => null,
        };
        if (broken is not null)
        {
            throw new UsageException($"--training-args {path}: {broken}");
        }
    }
}
