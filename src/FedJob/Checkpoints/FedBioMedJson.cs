using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Checkpoints;

/// <summary>A value of a breakpoint's JSON, with the place where it stands: everything that reads it says where it was wrong.</summary>
internal readonly struct FedBioMedJson
{
    private const int LongestText = 65_536;
    private const int LongestInteger = 4_300; // the most digits that Python reads back

    private readonly string _file;
    private readonly JsonElement _element;

    public FedBioMedJson(string file, string path, JsonElement element) => (_file, Path, _element) = (file, path, element);

    /// <summary>Where it stands, e.g. <c>job.training_replies[0][1].state_id</c>.</summary>
    public string Path { get; }

    /// <summary>The raw JSON, to be handed to a reader that checks it.</summary>
    public JsonElement Element => _element;

    public bool IsArray => _element.ValueKind == JsonValueKind.Array;

    public bool IsObject => _element.ValueKind == JsonValueKind.Object;

    /// <summary>A field that must be there, though perhaps null.</summary>
    public FedBioMedJson Field(string name) => Object().TryGetProperty(name, out JsonElement value)
        ? At(name, value)
        : throw new FedBioMedJson(_file, Join(name), default).Wrong("there", "missing", FedJobErrorCode.CheckpointInvalid);

    /// <summary>A field that may be absent or null.</summary>
    public FedBioMedJson? Optional(string name) => Object().TryGetProperty(name, out JsonElement value) ? At(name, value).OrNull() : null;

    /// <summary>Null for a JSON null.</summary>
    public FedBioMedJson? OrNull() => _element.ValueKind == JsonValueKind.Null ? null : this;

    public string Text() => _element.ValueKind == JsonValueKind.String && _element.GetString() is { Length: <= LongestText } text
        ? text
        : throw Wrong($"a text of at most {LongestText} characters");

    public string Id() => _element.ValueKind == JsonValueKind.String && _element.GetString() is { } text && Identifier.IsValid(text)
        ? text
        : throw Wrong($"an id: 1 to {Identifier.MaximumLength} of A-Z a-z 0-9 _ . -");

    public bool Flag() => _element.ValueKind is JsonValueKind.True or JsonValueKind.False ? _element.GetBoolean() : throw Wrong("true or false");

    public long Whole(long minimum, long maximum) =>
        _element.ValueKind == JsonValueKind.Number && _element.TryGetInt64(out long value) && value >= minimum && value <= maximum
            ? value
            : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"));

    public double Number(double minimum, double maximum) =>
        _element.ValueKind == JsonValueKind.Number && _element.TryGetDouble(out double value) && value >= minimum && value <= maximum
            ? value
            : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"));

    /// <summary>An integer of any size that the original writes: ciphertexts have hundreds of digits.</summary>
    public BigInteger Integer()
    {
        if (_element.ValueKind == JsonValueKind.Number)
        {
            ReadOnlySpan<byte> digits = JsonMarshal.GetRawUtf8Value(_element);
            if (digits.Length <= LongestInteger
                && BigInteger.TryParse(Encoding.ASCII.GetString(digits), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger value))
            {
                return value;
            }
        }

        throw Wrong($"a whole number of at most {LongestInteger} digits");
    }

    public IEnumerable<FedBioMedJson> Items()
    {
        FedBioMedJson array = IsArray ? this : throw Wrong("an array");
        return array._element.EnumerateArray().Select((item, i) => new FedBioMedJson(
            array._file, string.Create(CultureInfo.InvariantCulture, $"{array.Path}[{i}]"), item));
    }

    public IEnumerable<(string Name, FedBioMedJson Value)> Members()
    {
        FedBioMedJson map = this;
        return Object().EnumerateObject().Select(p => (p.Name, map.At(p.Name, p.Value)));
    }

    /// <summary>A copy that outlives the document. Numbers keep all their digits.</summary>
    public JsonObject ToJsonObject() => JsonObject.Create(Object().Clone())!;

    /// <summary>A copy of any JSON.</summary>
    public JsonNode? ToJsonNode() => _element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => ToJsonObject(),
        JsonValueKind.Array => JsonArray.Create(_element.Clone()),
        _ => JsonValue.Create(_element.Clone()),
    };

    /// <summary>The error for a value in another form than the original writes.</summary>
    public CheckpointException Wrong(string accepted, FedJobErrorCode code = FedJobErrorCode.CheckpointInvalid) => Wrong(accepted, Shown(_element), code);

    private CheckpointException Wrong(string accepted, string got, FedJobErrorCode code) => new(
        code,
        System.IO.Path.GetDirectoryName(_file)!,
        $"The breakpoint '{_file}' cannot be read: {(Path.Length == 0 ? "the whole" : Path)} must be {accepted}, and is {got}. "
        + "Take a breakpoint as Fed-BioMed 4.5.0 wrote it, or another round's.");

    private JsonElement Object() => IsObject ? _element : throw Wrong("an object");

    private FedBioMedJson At(string name, JsonElement value) => new(_file, Join(name), value);

    private string Join(string name)
    {
        const int LongestName = 80;
        string shown = name.Length > LongestName ? name[..LongestName] + "..." : name;
        return Path.Length == 0 ? shown : $"{Path}.{shown}";
    }

    private static string Shown(JsonElement element)
    {
        const int LongestShown = 60;
        if (element.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            return element.ValueKind == JsonValueKind.Object ? "an object" : "an array";
        }

        string raw = element.GetRawText();
        return raw.Length > LongestShown ? raw[..LongestShown] + "..." : raw;
    }
}
