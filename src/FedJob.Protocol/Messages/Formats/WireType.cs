using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>How one kind of value stands on the wire: what is accepted from it, what may go out, and how it is written.</summary>
/// <typeparam name="T">The value in .NET.</typeparam>
internal abstract class WireType<T>
{
    /// <summary>The accepted form, as the end of a sentence that begins "must be".</summary>
    public abstract string Accepted { get; }

    /// <summary>Reads a value that arrived. The JSON has passed <see cref="JsonScan"/>.</summary>
    public abstract T Read(JsonElement json, Findings findings);

    /// <summary>Checks a value that is about to go out.</summary>
    public abstract void Check(T value, Findings findings);

    /// <summary>Writes a value that has passed <see cref="Check"/>.</summary>
    public abstract void Write(Utf8JsonWriter writer, T value);

    /// <summary>Notes that a value has not the accepted form.</summary>
    protected T Refuse(JsonElement json, Findings findings)
    {
        findings.Refuse(Accepted, Shown.Of(json));
        return default!;
    }
}
