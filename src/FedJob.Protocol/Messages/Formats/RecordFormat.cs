using System.Text.Json;
using System.Text.Json.Nodes;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// A JSON object with known fields as a record: a table of fields, each with its name, its type and where its value stands in the record, a
/// function that makes the record, and rules between fields. Reading, checking and writing follow from the table.
/// </summary>
/// <typeparam name="T">The record.</typeparam>
internal sealed class RecordFormat<T> : WireType<T>
    where T : class
{
    private readonly List<RecordField<T>> _fields = [];
    private readonly List<Action<T, Findings>> _rules = [];
    private readonly Func<FieldValues, T> _create;
    private Func<T, JsonObject?>? _others;

    /// <summary>Makes a format.</summary>
    /// <param name="define">Declares the fields and returns what makes a record of their values.</param>
    public RecordFormat(Func<RecordFormat<T>, Func<FieldValues, T>> define) => _create = define(this);

    public override string Accepted => "an object";

    /// <summary>What the object is called in sentences, e.g. <c>train</c>.</summary>
    public string Subject { get; init; } = "object";

    /// <summary>Whether fields that are not in the table are passed over (nodes may be newer) instead of refused (as nodes do).</summary>
    public bool IgnoresOtherFields { get; init; }

    /// <summary>Declares a field.</summary>
    /// <param name="name">Its name on the wire.</param>
    /// <param name="type">How its value stands there.</param>
    /// <param name="get">Where its value stands in the record.</param>
    /// <returns>What takes the value out of those that were read.</returns>
    public RecordField<T, TValue> Field<TValue>(string name, WireType<TValue> type, Func<T, TValue> get) =>
        Add(new RecordField<T, TValue>(name, _fields.Count, type, get));

    /// <summary>Declares a field that may be missing when it is read, and has then a given value.</summary>
    public RecordField<T, TValue> OptionalField<TValue>(string name, WireType<TValue> type, Func<T, TValue> get, TValue missing) =>
        Add(new RecordField<T, TValue>(name, _fields.Count, type, get) { Missing = missing, IsOptional = true });

    /// <summary>Declares a field that is not there when it has no value.</summary>
    public RecordField<T, TValue?> FieldOrAbsent<TValue>(string name, WireType<TValue> type, Func<T, TValue?> get)
        where TValue : class =>
        Add(new RecordField<T, TValue?>(name, _fields.Count, new OrNullType<TValue>(type), get) { IsOptional = true, OmitsNull = true });

    /// <summary>Keeps the fields that are not in the table.</summary>
    /// <param name="get">Where they stand in the record.</param>
    public void KeepOthers(Func<T, JsonObject?> get) => _others = get;

    /// <summary>Declares a rule between fields; it holds for what is read and for what is written.</summary>
    public void Rule(Action<T, Findings> rule) => _rules.Add(rule);

    public override T Read(JsonElement json, Findings findings)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return Refuse(json, findings);
        }

        var values = new object?[_fields.Count];
        int found = 0;
        foreach (RecordField<T> field in _fields)
        {
            found += json.TryGetProperty(field.Name, out JsonElement value) ? 1 : 0;
            values[field.Index] = field.Read(value, findings);
            if (findings.Any)
            {
                findings.Within(field.Name);
                return null!;
            }
        }

        JsonObject? others = found < json.GetPropertyCount() ? TakeOthers(json, findings) : null;
        if (findings.Any)
        {
            return null!;
        }

        T record = _create(new FieldValues(values, others));
        Follow(record, findings);
        return record;
    }

    public override void Check(T value, Findings findings)
    {
        if (value is null)
        {
            findings.Refuse(Accepted, "null");
            return;
        }

        foreach (RecordField<T> field in _fields)
        {
            field.Check(value, findings);
            if (findings.Any)
            {
                findings.Within(field.Name);
                return;
            }
        }

        if (_others?.Invoke(value) is { } others)
        {
            FreeJson.Check(others, findings);
            if (!findings.Any && _fields.Find(f => others.ContainsKey(f.Name)) is { } twice)
            {
                findings.Refuse("there once", "it among the other fields too");
                findings.Within(twice.Name);
            }
        }

        if (!findings.Any)
        {
            Follow(value, findings);
        }
    }

    public override void Write(Utf8JsonWriter writer, T value)
    {
        writer.WriteStartObject();
        foreach (RecordField<T> field in _fields)
        {
            field.Write(writer, value);
        }

        foreach ((string name, JsonNode? other) in _others?.Invoke(value) ?? [])
        {
            writer.WritePropertyName(name);
            FreeJson.Write(writer, other);
        }

        writer.WriteEndObject();
    }

    private TField Add<TField>(TField field)
        where TField : RecordField<T>
    {
        _fields.Add(field);
        return field;
    }

    private void Follow(T record, Findings findings)
    {
        for (int i = 0; i < _rules.Count && !findings.Any; i++)
        {
            _rules[i](record, findings);
        }
    }

    private JsonObject? TakeOthers(JsonElement json, Findings findings)
    {
        if (_others is null && IgnoresOtherFields)
        {
            return null;
        }

        var others = new JsonObject();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (!_fields.Exists(f => property.NameEquals(f.Name)))
            {
                if (_others is null)
                {
                    findings.Refuse($"absent ({Subject} has no such field)", Shown.Of(property.Value));
                    findings.Within(Shown.Name(property.Name));
                    return null;
                }

                others[property.Name] = new FreeJsonType().Read(property.Value, findings);
            }
        }

        return others;
    }
}
