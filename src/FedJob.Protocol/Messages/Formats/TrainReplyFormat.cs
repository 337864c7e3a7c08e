using System.Text.Json;

namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of a train reply, and what belongs to a training that gave parameters.</summary>
internal static class TrainReplyFormat
{
    public static MessageFormat Format => MessageFormat.Node<TrainReply>("train", f =>
    {
        var job = f.Field("job_id", WireTypes.Id, m => m.JobId);
        var state = f.Field("state_id", WireTypes.IdOrNull, m => m.StateId);
        var success = f.Field("success", WireTypes.Boolean, m => m.Success);
        var dataset = f.Field("dataset_id", new IdentifierType { OrEmpty = true }, m => m.DatasetId);
        var parameters = f.Field("params_url", WireTypes.UrlOfNode, m => m.ParametersUrl);
        var timing = f.Field("timing", new TimingType(), m => m.Timing);
        var samples = f.Field(
            "sample_size", new WholeNumberType<long>(1, MessageLimits.MaximumSampleCount).OrNullValue(), m => m.SampleCount);
        var text = f.Field("msg", WireTypes.Text, m => m.Text);
        f.Rule(CheckSuccess);
        return v => new TrainReply
        {
            ResearcherId = v.ResearcherId(),
            NodeId = v.NodeId(),
            JobId = job[v],
            StateId = state[v],
            Success = success[v],
            DatasetId = dataset[v],
            ParametersUrl = parameters[v],
            Timing = timing[v],
            SampleCount = samples[v],
            Text = text[v],
        };
    });

    /// <summary>Parameters without their weight or time cannot be used; a failure or a validation has neither.</summary>
    private static void CheckSuccess(TrainReply reply, Findings findings)
    {
        string? missing =
            !reply.Success ? null
            : reply.DatasetId.Length == 0 ? "dataset_id"
            : reply.ParametersUrl.Length == 0 ? null
            : reply.SampleCount is null ? "sample_size"
            : reply.Timing is null ? "timing"
            : null;
        if (missing is not null)
        {
            findings.Refuse("set in a reply with success true" + (missing == "dataset_id" ? "" : " and params_url"), missing switch
            {
                "dataset_id" => "''",
                "timing" => "{}",
                _ => "null",
            });
            findings.Within(missing);
        }
    }

    /// <summary>Seconds by two clocks; an empty object where nothing was trained.</summary>
    private sealed class TimingType : WireType<TrainTiming?>
    {
        private static readonly FloatType Seconds = new() { Minimum = 0, Maximum = MessageLimits.MaximumTrainingSeconds };

        private static readonly RecordFormat<TrainTiming> Both = new(f =>
        {
            var elapsed = f.Field("rtime_training", Seconds, t => t.ElapsedSeconds);
            var processor = f.Field("ptime_training", Seconds, t => t.ProcessorSeconds);
            return v => TrainTiming.FromSeconds(elapsed[v], processor[v]);
        })
        { IgnoresOtherFields = true };

        public override string Accepted => "an object, empty or with rtime_training and ptime_training";

        public override TrainTiming? Read(JsonElement json, Findings findings) =>
            json.ValueKind == JsonValueKind.Object && json.GetPropertyCount() == 0 ? null : Both.Read(json, findings);

        public override void Check(TrainTiming? value, Findings findings)
        {
            if (value is not null)
            {
                Both.Check(value, findings);
            }
        }

        public override void Write(Utf8JsonWriter writer, TrainTiming? value)
        {
            if (value is not null)
            {
                Both.Write(writer, value);
            }
            else
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
        }
    }
}
