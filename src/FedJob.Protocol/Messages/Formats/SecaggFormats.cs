using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of the requests that set up and remove what secure aggregation needs.</summary>
internal static class SecaggFormats
{
    private const int LeastParties = 3;

    public static MessageFormat Setup => MessageFormat.Request<SecaggRequest>("secagg", f =>
    {
        var id = f.Field("secagg_id", WireTypes.Id, m => m.SecaggId);
        var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
        var element = f.Field("element", new SecaggElementType(), m => m.Element);
        var job = f.Field("job_id", WireTypes.IdOrNull, m => m.JobId);
        var parties = f.Field("parties", new ListType<string>(WireTypes.Id, LeastParties), m => m.Parties);
        f.Rule((m, findings) => CheckJob(m.Element, m.JobId, findings));
        f.Rule(CheckParties);
        return v => new SecaggRequest
        {
            ResearcherId = v.ResearcherId(),
            SecaggId = id[v],
            Sequence = sequence[v],
            Element = element[v],
            JobId = job[v],
            Parties = parties[v],
        };
    });

    public static MessageFormat Delete => MessageFormat.Request<SecaggDeleteRequest>("secagg-delete", f =>
    {
        var id = f.Field("secagg_id", WireTypes.Id, m => m.SecaggId);
        var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
        var element = f.Field("element", new SecaggElementType(), m => m.Element);
        var job = f.Field("job_id", WireTypes.IdOrNull, m => m.JobId);
        f.Rule((m, findings) => CheckJob(m.Element, m.JobId, findings));
        return v => new SecaggDeleteRequest
        {
            ResearcherId = v.ResearcherId(),
            SecaggId = id[v],
            Sequence = sequence[v],
            Element = element[v],
            JobId = job[v],
        };
    });

    private static void CheckJob(SecaggElement element, string? job, Findings findings)
    {
        if ((job is null) != (element == SecaggElement.Biprime))
        {
            findings.Refuse(element == SecaggElement.Biprime ? "null for a biprime" : "the job of a server key", Shown.Of(job));
            findings.Within("job_id");
        }
    }

    private static void CheckParties(SecaggRequest message, Findings findings)
    {
        if (message.Parties[0] != message.ResearcherId)
        {
            findings.Refuse($"the researcher '{message.ResearcherId}', who comes first", Shown.Of(message.Parties[0]));
            findings.Within("parties[0]");
        }
        else if (message.Parties.Distinct(StringComparer.Ordinal).Count() < message.Parties.Count)
        {
            findings.Break("a party stands in it twice; each must stand in it once.");
            findings.Within("parties");
        }
    }

    /// <summary>0 or 1.</summary>
    private sealed class SecaggElementType : WireType<SecaggElement>
    {
        public override string Accepted => "0 (server key) or 1 (biprime)";

        public override SecaggElement Read(JsonElement json, Findings findings) =>
            json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out int number) && number is 0 or 1
                ? (SecaggElement)number
                : Refuse(json, findings);

        public override void Check(SecaggElement value, Findings findings)
        {
            if (!Enum.IsDefined(value))
            {
                findings.Refuse(Accepted, value.ToString());
            }
        }

        public override void Write(Utf8JsonWriter writer, SecaggElement value) => writer.WriteNumberValue((int)value);
    }
}
