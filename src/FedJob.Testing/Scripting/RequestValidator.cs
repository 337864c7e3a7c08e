using System.Numerics;

namespace FedJob.Testing.Scripting;

/// <summary>What a 4.5 node makes of a message before it acts on it.</summary>
/// <param name="Fields">The message when it may be acted on; null otherwise.</param>
/// <param name="Kills">Whether it ends the node's network thread.</param>
/// <param name="ResearcherId">Whom an error goes to; null when the node cannot even say so.</param>
/// <param name="Error">The text beside FB301; null for none.</param>
/// <param name="Logs">What the node logs: level and message.</param>
internal sealed record Judgement(
    OrderedDictionary<string, object?>? Fields, bool Kills, string? ResearcherId, string? Error, IReadOnlyList<(string Level, string Message)> Logs);

/// <summary>Judges incoming messages by the node's own rules, independently of what FedJob allows itself to send.</summary>
internal static class RequestValidator
{
    private const string NotFormatted = "Message was not properly formatted";

    private static readonly Dictionary<string, (string Class, (string Name, string Type)[] Fields)> Kinds = new(StringComparer.Ordinal)
    {
        ["ping"] = ("PingRequest", [("sequence", "int")]),
        ["search"] = ("SearchRequest", [("tags", "list")]),
        ["list"] = ("ListRequest", []),
        ["approval"] = ("ApprovalRequest", [("description", "str"), ("sequence", "int"), ("training_plan_url", "str")]),
        ["training-plan-status"] = ("TrainingPlanStatusRequest", [("job_id", "str"), ("training_plan_url", "str")]),
        ["secagg"] = ("SecaggRequest",
            [("secagg_id", "str"), ("sequence", "int"), ("element", "int"), ("job_id", "str?"), ("parties", "list")]),
        ["secagg-delete"] = ("SecaggDeleteRequest", [("secagg_id", "str"), ("sequence", "int"), ("element", "int"), ("job_id", "str?")]),
        ["train"] = ("TrainRequest",
        [
            ("job_id", "str"), ("state_id", "str?"), ("params_url", "str"), ("training_args", "dict"), ("dataset_id", "str"),
            ("training", "bool"), ("model_args", "dict"), ("training_plan_url", "str"), ("training_plan_class", "str"),
            ("secagg_servkey_id", "str?"), ("secagg_biprime_id", "str?"), ("secagg_random", "float?"), ("secagg_clipping_range", "int?"),
            ("round", "int"), ("aggregator_args", "dict"), ("aux_var_urls", "list?"),
        ]),
    };

    /// <summary>Judges one message.</summary>
    public static Judgement Judge(ReadOnlySpan<byte> payload)
    {
        object? value;
        try
        {
            value = PythonJson.Read(payload);
        }
        catch (FormatException)
        {
            return Killer;
        }

        // The node looks for the metric inside training_args before it knows what the message is.
        if (value is not OrderedDictionary<string, object?> fields
            || (fields.TryGetValue("training_args", out object? args) && args is not (OrderedDictionary<string, object?> or string or List<object?>)))
        {
            return Killer;
        }

        if (!fields.TryGetValue("command", out object? command))
        {
            return Refused(fields, "'command' property was not found");
        }

        if (fields.GetValueOrDefault("protocol_version") is not ("1" or "1.0"))
        {
            return Killer;
        }

        return command is string kind && Kinds.TryGetValue(kind, out var form)
            ? Check(fields, form.Class, [("protocol_version", "str"), ("researcher_id", "str"), .. form.Fields, ("command", "str")])
            : Refused(fields, NotFormatted,
                ("ERROR", $"FB601: message error: bad message type for format_incoming_message: {PythonText.Str(command)}"));
    }

    private static Judgement Killer => new(null, Kills: true, null, null, []);

    private static Judgement Check(OrderedDictionary<string, object?> fields, string kind, (string Name, string Type)[] expected)
    {
        const string Number = "FB601: message error: bad number of parameters: ";
        string? extra = fields.Keys.FirstOrDefault(k => !expected.Any(e => e.Name == k));
        if (extra is not null)
        {
            return Refused(fields, NotFormatted, ("ERROR", $"{Number}{kind}.__init__() got an unexpected keyword argument '{extra}'"));
        }

        string[] missing = [.. expected.Where(e => !fields.ContainsKey(e.Name)).Select(e => $"'{e.Name}'")];
        if (missing.Length > 0)
        {
            string names = missing.Length < 3 ? string.Join(" and ", missing) : $"{string.Join(", ", missing[..^1])}, and {missing[^1]}";
            string noun = missing.Length == 1 ? "argument" : "arguments";
            return Refused(
                fields, NotFormatted, ("ERROR", $"{Number}{kind}.__init__() missing {missing.Length} required positional {noun}: {names}"));
        }

        (string, string)[] wrong =
        [
            .. expected.Where(e => !Fits(fields[e.Name], e.Type))
                .Select(e => ("CRITICAL", $"{e.Name}: '{PythonText.Str(fields[e.Name])}' instead of '{TypeName(e.Type)}'")),
        ];
        if (wrong.Length == 0)
        {
            return new Judgement(fields, false, (string)fields["researcher_id"]!, null, []);
        }

        string shown = string.Join(", ", expected.Select(e => $"{e.Name}={PythonText.Repr(fields[e.Name])}"));
        return Refused(fields, NotFormatted, [.. wrong, ("CRITICAL", $"FB601: message error: bad input value for message: {kind}({shown})")]);
    }

    private static Judgement Refused(OrderedDictionary<string, object?> fields, string text, params (string, string)[] logs)
    {
        object? researcher = fields.TryGetValue("researcher_id", out object? id) ? id : "unknown_researcher_id";
        return new Judgement(null, false, researcher as string, text, logs);
    }

    // A bool is an int in Python, an int is no float.
    private static bool Fits(object? value, string type) => type switch
    {
        "str" => value is string,
        "int" => value is long or BigInteger or bool,
        "bool" => value is bool,
        "dict" => value is OrderedDictionary<string, object?>,
        "list" => value is List<object?>,
        "float" => value is double,
        _ => value is null || Fits(value, type[..^1]),
    };

    private static string TypeName(string type) =>
        type[^1] == '?' ? $"(<class '{type[..^1]}'>, <class 'NoneType'>)" : $"<class '{type}'>";
}
