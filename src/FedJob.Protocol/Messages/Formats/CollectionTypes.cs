using System.Globalization;
using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>An array of values of one type.</summary>
internal sealed class ListType<T>(WireType<T> item, int minimum = 0) : WireType<IReadOnlyList<T>>
{
    public override string Accepted { get; } = "an array" + (minimum > 0
        ? string.Create(CultureInfo.InvariantCulture, $" of at least {minimum} entries") : "");

    public override IReadOnlyList<T> Read(JsonElement json, Findings findings)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() < minimum)
        {
            return Refuse(json, findings);
        }

        T[] items = json.GetArrayLength() == 0 ? [] : new T[json.GetArrayLength()];
        int count = 0;
        foreach (JsonElement element in json.EnumerateArray())
        {
            items[count] = item.Read(element, findings);
            if (findings.Any)
            {
                findings.Within(Index(count));
                break;
            }

            count++;
        }

        return items;
    }

    public override void Check(IReadOnlyList<T> value, Findings findings)
    {
        if (value is null || value.Count < minimum)
        {
            findings.Refuse(Accepted, value is null ? "null" : string.Create(CultureInfo.InvariantCulture, $"{value.Count}"));
            return;
        }

        for (int i = 0; i < value.Count && !findings.Any; i++)
        {
            item.Check(value[i], findings);
            if (findings.Any)
            {
                findings.Within(Index(i));
            }
        }
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value)
    {
        writer.WriteStartArray();
        foreach (T element in value)
        {
            item.Write(writer, element);
        }

        writer.WriteEndArray();
    }

    private static string Index(int index) => string.Create(CultureInfo.InvariantCulture, $"[{index}]");
}

/// <summary>An object whose names are free and whose values are of one type.</summary>
internal sealed class MapType<T>(TextType name, WireType<T> item) : WireType<IReadOnlyDictionary<string, T>>
{
    public override string Accepted => "an object";

    public override IReadOnlyDictionary<string, T> Read(JsonElement json, Findings findings)
    {
        var items = new Dictionary<string, T>(StringComparer.Ordinal);
        if (json.ValueKind != JsonValueKind.Object)
        {
            findings.Refuse(Accepted, Shown.Of(json));
            return items;
        }

        foreach (JsonProperty property in json.EnumerateObject())
        {
            name.Check(property.Name, findings);
            items[property.Name] = item.Read(property.Value, findings);
            if (findings.Any)
            {
                findings.Within(Shown.Name(property.Name));
                break;
            }
        }

        return items;
    }

    public override void Check(IReadOnlyDictionary<string, T> value, Findings findings)
    {
        if (value is null)
        {
            findings.Refuse(Accepted, "null");
            return;
        }

        foreach ((string key, T element) in value)
        {
            name.Check(key, findings);
            item.Check(element, findings);
            if (findings.Any)
            {
                findings.Within(Shown.Name(key));
                return;
            }
        }
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, T> value)
    {
        writer.WriteStartObject();
        foreach ((string key, T element) in value)
        {
            writer.WritePropertyName(key);
            item.Write(writer, element);
        }

        writer.WriteEndObject();
    }
}
