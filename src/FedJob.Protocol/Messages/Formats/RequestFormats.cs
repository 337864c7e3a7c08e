namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of each request.</summary>
internal static class RequestFormats
{
    public static IEnumerable<MessageFormat> All =>
    [
        MessageFormat.Request<PingRequest>("ping", f =>
        {
            var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
            return v => new PingRequest { ResearcherId = v.ResearcherId(), Sequence = sequence[v] };
        }),
        MessageFormat.Request<SearchRequest>("search", f =>
        {
            var tags = f.Field("tags", WireTypes.Texts, m => m.Tags);
            return v => new SearchRequest { ResearcherId = v.ResearcherId(), Tags = tags[v] };
        }),
        MessageFormat.Request<ListRequest>("list", _ => v => new ListRequest { ResearcherId = v.ResearcherId() }),
        MessageFormat.Request<ApprovalRequest>("approval", f =>
        {
            var description = f.Field("description", WireTypes.Text, m => m.Description);
            var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
            var url = f.Field("training_plan_url", WireTypes.UrlForNodes, m => m.TrainingPlanUrl);
            return v => new ApprovalRequest
            {
                ResearcherId = v.ResearcherId(), Description = description[v], Sequence = sequence[v], TrainingPlanUrl = url[v],
            };
        }),
        MessageFormat.Request<TrainingPlanStatusRequest>("training-plan-status", f =>
        {
            var job = f.Field("job_id", WireTypes.Id, m => m.JobId);
            var url = f.Field("training_plan_url", WireTypes.UrlForNodes, m => m.TrainingPlanUrl);
            return v => new TrainingPlanStatusRequest { ResearcherId = v.ResearcherId(), JobId = job[v], TrainingPlanUrl = url[v] };
        }),
        TrainRequestFormat.Format,
        SecaggFormats.Setup,
        SecaggFormats.Delete,
    ];
}
