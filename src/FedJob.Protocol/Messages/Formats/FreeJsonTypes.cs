using System.Text.Json;
using System.Text.Json.Nodes;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>An object of open content; never null.</summary>
internal sealed class FreeObjectType : WireType<JsonObject>
{
    public override string Accepted => "an object";

    public override JsonObject Read(JsonElement json, Findings findings) =>
        json.ValueKind == JsonValueKind.Object ? JsonObject.Create(json.Clone())! : Refuse(json, findings);

    public override void Check(JsonObject value, Findings findings)
    {
        if (value is null)
        {
            findings.Refuse(Accepted, "null");
        }
        else
        {
            FreeJson.Check(value, findings);
        }
    }

    public override void Write(Utf8JsonWriter writer, JsonObject value) => FreeJson.Write(writer, value);
}

/// <summary>Any JSON, null too.</summary>
internal sealed class FreeJsonType : WireType<JsonNode?>
{
    public override string Accepted => "any JSON";

    public override JsonNode? Read(JsonElement json, Findings findings) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(json.Clone()),
        JsonValueKind.Array => JsonArray.Create(json.Clone()),
        _ => JsonValue.Create(json.Clone()),
    };

    public override void Check(JsonNode? value, Findings findings) => FreeJson.Check(value, findings);

    public override void Write(Utf8JsonWriter writer, JsonNode? value) => FreeJson.Write(writer, value);
}
