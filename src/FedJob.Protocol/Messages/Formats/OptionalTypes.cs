using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>A value or null. Absent optional values travel as null, never as a missing field.</summary>
internal sealed class OrNullType<T>(WireType<T> inner) : WireType<T?>
    where T : class
{
    public override string Accepted => inner.Accepted + ", or null";

    public override T? Read(JsonElement json, Findings findings)
    {
        T? value = json.ValueKind == JsonValueKind.Null ? null : inner.Read(json, findings);
        findings.Or("null");
        return value;
    }

    public override void Check(T? value, Findings findings)
    {
        if (value is not null)
        {
            inner.Check(value, findings);
            findings.Or("null");
        }
    }

    public override void Write(Utf8JsonWriter writer, T? value)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            inner.Write(writer, value);
        }
    }
}

/// <summary>A number, truth value or choice, or null.</summary>
internal sealed class OrNullValueType<T>(WireType<T> inner) : WireType<T?>
    where T : struct
{
    public override string Accepted => inner.Accepted + ", or null";

    public override T? Read(JsonElement json, Findings findings)
    {
        T? value = json.ValueKind == JsonValueKind.Null ? null : inner.Read(json, findings);
        findings.Or("null");
        return value;
    }

    public override void Check(T? value, Findings findings)
    {
        if (value is { } present)
        {
            inner.Check(present, findings);
            findings.Or("null");
        }
    }

    public override void Write(Utf8JsonWriter writer, T? value)
    {
        if (value is { } present)
        {
            inner.Write(writer, present);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
