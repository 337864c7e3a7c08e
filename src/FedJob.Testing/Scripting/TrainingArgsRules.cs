using System.Numerics;

namespace FedJob.Testing.Scripting;

/// <summary>The node's scheme of training arguments.</summary>
internal static class TrainingArgsRules
{
    private const string Prefix = "FB414: bad type or value for training arguments: ";

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["loader_args"] = "dict",
        ["optimizer_args"] = "dict",
        ["epochs"] = "count",
        ["num_updates"] = "count",
        ["batch_maxnum"] = "count",
        ["dry_run"] = "bool",
        ["test_ratio"] = "float",
        ["test_on_local_updates"] = "bool",
        ["test_on_global_updates"] = "bool",
        ["test_metric"] = "any",
        ["test_metric_args"] = "dict",
        ["log_interval"] = "int",
        ["fedprox_mu"] = "float?",
        ["use_gpu"] = "bool",
        ["dp_args"] = "dp",
        ["share_persistent_buffers"] = "bool",
        ["random_seed"] = "int?",
    };

    /// <summary>The node's text for the first thing it does not take; null when it takes all.</summary>
    public static string? Problem(OrderedDictionary<string, object?> args)
    {
        foreach (var (name, value) in args)
        {
            string? problem = Types.TryGetValue(name, out string? type) ? Problem(name, type, value) : $"undefined key ({name}) in scheme";
            if (problem is not null)
            {
                return Prefix + problem;
            }
        }

        return args.GetValueOrDefault("loader_args") is OrderedDictionary<string, object?> loader
            && loader.TryGetValue("batch_size", out object? size) && size is not (long or BigInteger)
                ? $"{Prefix}wrong input: {PythonText.Str(size)} should be a <class 'int'>"
                : null;
    }

    private static string? Problem(string name, string type, object? value) => type switch
    {
        "any" => null,
        "count" => value is null or >= 0L || (value is double number && number >= 0 && double.IsInteger(number))
            ? null
            : $"{name} should be a non-negative integer or None, but got {PythonText.Str(value)}",
        "dp" => value switch
        {
            null => null,
            OrderedDictionary<string, object?> dp => Problem("sigma", "float", dp.GetValueOrDefault("sigma"))
                ?? Problem("clip", "float", dp.GetValueOrDefault("clip")),
            _ => Wrong(value, "dict"),
        },
        "float" when name == "test_ratio" && value is double and (< 0 or > 1) =>
            $"Test ratio should be between 0 and 1, but got {PythonText.Str(value)}",
        _ => Fits(value, type) ? null : Wrong(value, type.TrimEnd('?')),
    };

    private static bool Fits(object? value, string type) => type switch
    {
        "dict" => value is OrderedDictionary<string, object?>,
        "bool" => value is bool,
        "int" => value is long or BigInteger,
        "float" => value is double,
        _ => value is null || Fits(value, type[..^1]),
    };

    private static string Wrong(object? value, string type) => $"wrong input: {PythonText.Str(value)} should be a <class '{type}'>";
}
