using System.Text.Json;
using FedJob.Protocol.Messages;

namespace FedJob.Node.Execution;

/// <summary>Finds out whom to tell that a message was refused.</summary>
internal static class ResearcherOf
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>The researcher a refused message names, read as far as it can be read.</summary>
    /// <param name="payload">The bytes.</param>
    /// <returns>The researcher id, or the one that stands for nobody.</returns>
    public static string Payload(ReadOnlyMemory<byte> payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload.Span, Options);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("researcher_id"u8))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.String && Identifier.IsValid(reader.GetString())
                        ? reader.GetString()!
                        : UnsetResearcher.UnknownResearcherId;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It is no JSON, or the id is no text: nobody is named.
        }

        return UnsetResearcher.UnknownResearcherId;
    }
}
