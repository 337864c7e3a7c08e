namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of each message from a node.</summary>
internal static class NodeMessageFormats
{
    private static readonly WholeNumberType<int> HttpStatus = new(0, 999);

    private static readonly ChoiceType<TrainingPlanStatus> PlanStatus = new(
        ("Approved", TrainingPlanStatus.Approved), ("Rejected", TrainingPlanStatus.Rejected), ("Pending", TrainingPlanStatus.Pending),
        ("Not Registered", TrainingPlanStatus.NotRegistered), ("Error", TrainingPlanStatus.Error));

    private static readonly WireType<IReadOnlyList<DatasetEntry>> Datasets = new ListType<DatasetEntry>(DatasetEntryFormat.Format);

    public static IEnumerable<MessageFormat> All =>
    [
        MessageFormat.Node<PongReply>("pong", f =>
        {
            var success = f.Field("success", WireTypes.Boolean, m => m.Success);
            var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
            return v => new PongReply
            {
                ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), Success = success[v], Sequence = sequence[v],
            };
        }),
        MessageFormat.Node<SearchReply>("search", f =>
        {
            var success = f.Field("success", WireTypes.Boolean, m => m.Success);
            var databases = f.Field("databases", Datasets, m => m.Databases);
            var count = f.Field("count", WireTypes.Count, m => m.Count);
            f.Rule((m, findings) => CheckCount(m.Count, m.Databases, findings));
            return v => new SearchReply
            {
                ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), Success = success[v], Databases = databases[v], Count = count[v],
            };
        }),
        MessageFormat.Node<ListReply>("list", f =>
        {
            var success = f.Field("success", WireTypes.Boolean, m => m.Success);
            var databases = f.Field("databases", Datasets, m => m.Databases);
            var count = f.Field("count", WireTypes.Count, m => m.Count);
            f.Rule((m, findings) => CheckCount(m.Count, m.Databases, findings));
            return v => new ListReply
            {
                ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), Success = success[v], Databases = databases[v], Count = count[v],
            };
        }),
        MessageFormat.Node<ApprovalReply>("approval", f =>
        {
            var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
            var status = f.Field("status", HttpStatus, m => m.Status);
            var success = f.Field("success", WireTypes.Boolean, m => m.Success);
            return v => new ApprovalReply
            {
                ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), Sequence = sequence[v], Status = status[v], Success = success[v],
            };
        }),
        MessageFormat.Node<TrainingPlanStatusReply>("training-plan-status", f =>
        {
            var job = f.Field("job_id", WireTypes.Id, m => m.JobId);
            var success = f.Field("success", WireTypes.Boolean, m => m.Success);
            var obligation = f.Field("approval_obligation", WireTypes.Boolean, m => m.ApprovalObligation);
            var status = f.Field("status", PlanStatus, m => m.Status);
            var text = f.Field("msg", WireTypes.Text, m => m.Text);
            var url = f.Field("training_plan_url", WireTypes.UrlOfNode, m => m.TrainingPlanUrl);
            return v => new TrainingPlanStatusReply
            {
                ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), JobId = job[v], Success = success[v],
                ApprovalObligation = obligation[v], Status = status[v], Text = text[v], TrainingPlanUrl = url[v],
            };
        }),
        TrainReplyFormat.Format,
        MessageFormat.Node<SecaggReply>("secagg", f =>
        {
            var id = f.Field("secagg_id", WireTypes.Id, m => m.SecaggId);
            var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
            var success = f.Field("success", WireTypes.Boolean, m => m.Success);
            var text = f.Field("msg", WireTypes.Text, m => m.Text);
            return v => new SecaggReply
            {
                ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), SecaggId = id[v], Sequence = sequence[v], Success = success[v],
                Text = text[v],
            };
        }),
        MessageFormat.Node<SecaggDeleteReply>("secagg-delete", f =>
        {
            var id = f.Field("secagg_id", WireTypes.Id, m => m.SecaggId);
            var sequence = f.Field("sequence", WireTypes.Sequence, m => m.Sequence);
            var success = f.Field("success", WireTypes.Boolean, m => m.Success);
            var text = f.Field("msg", WireTypes.Text, m => m.Text);
            return v => new SecaggDeleteReply
            {
                ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), SecaggId = id[v], Sequence = sequence[v], Success = success[v],
                Text = text[v],
            };
        }),
        MessageFormat.Node<ErrorReply>(
            "error",
            f =>
            {
                var number = f.Field("errnum", WireTypes.Text, m => m.ErrorNumber);
                var text = f.Field("extra_msg", WireTypes.Text, m => m.ExtraText);
                return v => new ErrorReply
                {
                    ResearcherId = v.ResearcherId(), NodeId = v.NodeId(), ErrorNumber = number[v], ExtraText = text[v],
                };
            },
            WireTypes.IdOrUnset),
        MetricFormat.Format,
        LogFormat.Format,
    ];

    private static void CheckCount(int count, IReadOnlyList<DatasetEntry> databases, Findings findings)
    {
        if (count != databases.Count)
        {
            findings.Break($"it says {count} where 'databases' has {databases.Count}; both must be the same.");
            findings.Within("count");
        }
    }
}
