using System.Text.Json;
using System.Text.Json.Nodes;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>A field of a record, whatever its type.</summary>
/// <typeparam name="T">The record.</typeparam>
internal abstract class RecordField<T>(string name, int index)
{
    public string Name { get; } = name;

    public int Index { get; } = index;

    /// <summary>Reads the field; <paramref name="json"/> is undefined where it is missing.</summary>
    public abstract object? Read(JsonElement json, Findings findings);

    public abstract void Check(T record, Findings findings);

    public abstract void Write(Utf8JsonWriter writer, T record);
}

/// <summary>A field of a record.</summary>
/// <typeparam name="T">The record.</typeparam>
/// <typeparam name="TValue">The value.</typeparam>
internal sealed class RecordField<T, TValue>(string name, int index, WireType<TValue> type, Func<T, TValue> get)
    : RecordField<T>(name, index)
{
    private readonly object? _missing;

    /// <summary>Whether the field may be missing when it is read.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The value of a missing field.</summary>
    public TValue? Missing { init => _missing = value; }

    /// <summary>Whether the field is left out when its value is null.</summary>
    public bool OmitsNull { get; init; }

    /// <summary>The field's value out of those that were read.</summary>
    public TValue this[FieldValues values] => (TValue)values[Index]!;

    public override object? Read(JsonElement json, Findings findings)
    {
        if (json.ValueKind != JsonValueKind.Undefined)
        {
            return type.Read(json, findings);
        }

        if (!IsOptional)
        {
            findings.Refuse(type.Accepted, "nothing: it is missing");
        }

        return _missing;
    }

    public override void Check(T record, Findings findings) => type.Check(get(record), findings);

    public override void Write(Utf8JsonWriter writer, T record)
    {
        TValue value = get(record);
        if (!OmitsNull || value is not null)
        {
            writer.WritePropertyName(Name);
            type.Write(writer, value);
        }
    }
}

/// <summary>The values of a record's fields, by index, and the fields that are not in its table.</summary>
internal readonly struct FieldValues(object?[] values, JsonObject? others)
{
    public JsonObject? Others { get; } = others;

    public object? this[int index] => values[index];
}
