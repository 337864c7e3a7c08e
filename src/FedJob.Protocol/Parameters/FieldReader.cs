using System.Numerics;
using FedJob.Protocol.Messages;

namespace FedJob.Protocol.Parameters;

/// <summary>Takes the fields of a file whose root is a map, and tells which one is missing, wrong or unknown.</summary>
internal sealed class FieldReader
{
    private const string ExpectedId = "an id of 1 to 128 of A-Z a-z 0-9 _ . -";

    private readonly string _name;
    private readonly ParameterMap _map;

    /// <summary>Makes a reader.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="root">What it holds.</param>
    /// <exception cref="ParameterFormatException">It does not hold a map.</exception>
    public FieldReader(string path, ParameterValue root)
    {
        _name = Path.GetFileName(path);
        _map = root as ParameterMap ?? throw new ParameterFormatException(
            $"The parameter file '{_name}' holds {Describe(root)}; expected a map with named fields.", 0);
    }

    public ParameterMap Map => _map;

    /// <summary>Refuses fields that are none of these.</summary>
    public void RequireOnly(params ReadOnlySpan<string> known)
    {
        foreach ((ParameterValue key, _) in _map.Entries)
        {
            if (key is not ParameterText text || !known.Contains(text.Value))
            {
                throw new ParameterFormatException(
                    $"The parameter file '{_name}' has an unknown field {MapPath.Format(key)}; expected only {string.Join(", ", known!)}.");
            }
        }
    }

    public ParameterValue? Find(string field) => _map.TryGetValue(field, out ParameterValue? value) ? value : null;

    public ParameterValue Require(string field, string expected) => Find(field) ?? throw new ParameterFormatException(
        $"The parameter file '{_name}' has no field '{field}'; expected {expected}.");

    public string RequireId(string field) => RequireIdOrNone(field) ?? throw Wrong(field, ExpectedId, ParameterNil.Instance);

    public string? RequireIdOrNone(string field) => Require(field, ExpectedId) switch
    {
        ParameterText text when Identifier.IsValid(text.Value) => text.Value,
        ParameterText text => throw Wrong(field, ExpectedId, $"'{MapPath.Printable(text.Value)}'"),
        ParameterNil => null,
        ParameterValue other => throw Wrong(field, ExpectedId, other),
    };

    public bool RequireBoolean(string field) => Require(field, "True or False") switch
    {
        ParameterBoolean boolean => boolean.Value,
        ParameterValue other => throw Wrong(field, "True or False", other),
    };

    public ParameterMap RequireMap(string field) => Require(field, "a map") switch
    {
        ParameterMap map => map,
        ParameterValue other => throw Wrong(field, "a map", other),
    };

    /// <summary>Takes a list of ciphertexts: at least one, none negative.</summary>
    public IReadOnlyList<BigInteger> RequireCiphertexts(string field)
    {
        const string Expected = "a list of ciphertexts, whole numbers of at least 0";
        ParameterValue value = Require(field, Expected);
        if (value is not ParameterList { Items.Count: > 0 } list)
        {
            throw Wrong(field, Expected, value);
        }

        var numbers = new BigInteger[list.Items.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = list.Items[i] switch
            {
                ParameterBigInteger number => number.Value,
                ParameterInteger { Value: >= 0 } number => number.Value,
                ParameterValue other => throw Wrong($"{field}[{i}]", "a whole number of at least 0", other),
            };
        }

        return numbers;
    }

    public ParameterFormatException Wrong(string field, string expected, ParameterValue got) => Wrong(field, expected, Describe(got));

    public ParameterFormatException Wrong(string field, string expected, string got) =>
        new($"The field '{field}' of the parameter file '{_name}' must be {expected}, got {got}.");

    private static string Describe(ParameterValue value) => value switch
    {
        ParameterInteger number => $"the int {number.Value}",
        ParameterTensorValue tensor => $"a {value.PythonType} {tensor.Tensor}",
        ParameterNil => "None",
        ParameterList { Items.Count: 0 } => "an empty list",
        _ => $"a value of type {value.PythonType}",
    };
}
