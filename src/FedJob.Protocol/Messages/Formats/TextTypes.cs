using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>Any text that UTF-8 can carry.</summary>
internal class TextType : WireType<string>
{
    public override string Accepted => "a string";

    public override string Read(JsonElement json, Findings findings)
    {
        if (json.ValueKind != JsonValueKind.String)
        {
            return Refuse(json, findings);
        }

        string text = json.GetString()!;
        return IsReadable(text) ? text : Refuse(json, findings);
    }

    public override void Check(string value, Findings findings)
    {
        if (value is null || !IsWritable(value))
        {
            findings.Refuse(Accepted, Shown.Of(value));
        }
        else if (HasLoneSurrogate(value))
        {
            findings.Refuse("well-formed Unicode (half of a surrogate pair stands alone in it)", Shown.Of(value));
        }
    }

    public override void Write(Utf8JsonWriter writer, string value) => writer.WriteStringValue(value);

    /// <summary>Whether UTF-8 has no form for a text; the JSON writer would silently write another character.</summary>
    public static bool HasLoneSurrogate(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[++i])))
            {
                return true;
            }
        }

        return false;
    }

    protected virtual bool IsReadable(string text) => IsWritable(text);

    protected virtual bool IsWritable(string text) => true;
}

/// <summary>An <see cref="Identifier"/>.</summary>
internal sealed class IdentifierType : TextType
{
    /// <summary>Whether the texts of <see cref="UnsetResearcher"/> are accepted too.</summary>
    public bool OrUnsetResearcher { get; init; }

    /// <summary>Whether the empty text is accepted too.</summary>
    public bool OrEmpty { get; init; }

    public override string Accepted =>
        $"an id (1 to {Identifier.MaximumLength} of A-Z a-z 0-9 _ . -, not only dots)" + (OrEmpty ? " or empty" : "");

    protected override bool IsWritable(string text) =>
        Identifier.IsValid(text) || (OrEmpty && text.Length == 0) || (OrUnsetResearcher && UnsetResearcher.IsUnset(text));
}

/// <summary>A text that is always the same.</summary>
internal sealed class ConstantType(string value) : TextType
{
    public override string Accepted { get; } = $"\"{value}\"";

    protected override bool IsWritable(string text) => text == value;
}

/// <summary>The name of a class: a Python identifier, or a full .NET type name (namespace, nesting by +, arity by `).</summary>
internal sealed class ClassNameType : TextType
{
    private const int MaximumLength = 512;

    public override string Accepted => $"the name of a class (1 to {MaximumLength} letters, digits, _ . + `, beginning with a letter or _)";

    protected override bool IsWritable(string text) =>
        text.Length is > 0 and <= MaximumLength && (char.IsLetter(text[0]) || text[0] == '_')
        && text.All(static c => char.IsLetterOrDigit(c) || c is '_' or '.' or '+' or '`');
}

/// <summary>A text or number out of a closed list.</summary>
/// <typeparam name="T">The list in .NET.</typeparam>
internal sealed class ChoiceType<T>(params (string Wire, T Value)[] choices) : WireType<T>
    where T : struct, Enum
{
    public override string Accepted { get; } = "one of " + string.Join(", ", choices.Select(c => c.Wire));

    public override T Read(JsonElement json, Findings findings)
    {
        foreach ((string wire, T value) in choices)
        {
            if (json.ValueKind == JsonValueKind.String && json.ValueEquals(wire))
            {
                return value;
            }
        }

        return Refuse(json, findings);
    }

    public override void Check(T value, Findings findings)
    {
        if (!choices.Any(c => c.Value.Equals(value)))
        {
            findings.Refuse(Accepted, value.ToString());
        }
    }

    public override void Write(Utf8JsonWriter writer, T value) => writer.WriteStringValue(choices.First(c => c.Value.Equals(value)).Wire);
}
