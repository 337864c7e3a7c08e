namespace FedJob.Protocol.Messages.Formats;

/// <summary>The fields of a train request and the rules between them.</summary>
internal static class TrainRequestFormat
{
    public static MessageFormat Format => MessageFormat.Request<TrainRequest>("train", f =>
    {
        var job = f.Field("job_id", WireTypes.Id, m => m.JobId);
        var state = f.Field("state_id", WireTypes.IdOrNull, m => m.StateId);
        var parameters = f.Field("params_url", WireTypes.UrlForNodes, m => m.ParametersUrl);
        var trainingArgs = f.Field("training_args", TrainingArgsFormat.Format, m => m.TrainingArgs);
        var dataset = f.Field("dataset_id", WireTypes.Id, m => m.DatasetId);
        var training = f.Field("training", WireTypes.Boolean, m => m.Training);
        var modelArgs = f.Field("model_args", WireTypes.Object, m => m.ModelArgs);
        var plan = f.Field("training_plan_url", WireTypes.UrlForNodes, m => m.TrainingPlanUrl);
        var planClass = f.Field("training_plan_class", new ClassNameType(), m => m.TrainingPlanClass);
        var serverKey = f.Field("secagg_servkey_id", WireTypes.IdOrNull, m => m.SecaggServerKeyId);
        var biprime = f.Field("secagg_biprime_id", WireTypes.IdOrNull, m => m.SecaggBiprimeId);
        var random = f.Field(
            "secagg_random", new FloatType { NeedsPoint = true, Secret = true }.OrNullValue(), m => m.SecaggRandom);
        var clipping = f.Field("secagg_clipping_range", WireTypes.AtLeastOne.OrNullValue(), m => m.SecaggClippingRange);
        var round = f.Field("round", WireTypes.Count, m => m.Round);
        var aggregatorArgs = f.Field("aggregator_args", new AggregatorArgsType(), m => m.AggregatorArgs);
        var auxiliary = f.Field(
            "aux_var_urls", new ListType<string>(WireTypes.UrlForNodes).OrNull(), m => m.AuxiliaryVariableUrls);
        f.Rule(CheckTrainingArgs);
        f.Rule(CheckSecureAggregation);
        return v => new TrainRequest
        {
            ResearcherId = v.ResearcherId(),
            JobId = job[v],
            StateId = state[v],
            ParametersUrl = parameters[v],
            TrainingArgs = trainingArgs[v],
            DatasetId = dataset[v],
            Training = training[v],
            ModelArgs = modelArgs[v],
            TrainingPlanUrl = plan[v],
            TrainingPlanClass = planClass[v],
            SecaggServerKeyId = serverKey[v],
            SecaggBiprimeId = biprime[v],
            SecaggRandom = random[v],
            SecaggClippingRange = clipping[v],
            Round = round[v],
            AggregatorArgs = aggregatorArgs[v],
            AuxiliaryVariableUrls = auxiliary[v],
        };
    });

    private static void CheckTrainingArgs(TrainRequest message, Findings findings)
    {
        try
        {
            message.TrainingArgs.Validate(message.Training);
        }
        catch (ArgumentException e)
        {
            // the rules between training arguments live in TrainingArgs, which says by exception which of them is broken
            findings.Break(e.Message);
            findings.Within("training_args");
        }
    }

    /// <summary>All or nothing: with only a random number a node would train in clear, with one id it would refuse.</summary>
    private static void CheckSecureAggregation(TrainRequest message, Findings findings)
    {
        (string Name, bool IsSet)[] together =
        [
            ("secagg_servkey_id", message.SecaggServerKeyId is not null),
            ("secagg_biprime_id", message.SecaggBiprimeId is not null),
            ("secagg_random", message.SecaggRandom is not null),
        ];
        bool any = together.Any(t => t.IsSet) || message.SecaggClippingRange is not null;
        if (any && together.FirstOrDefault(t => !t.IsSet) is { Name: { } missing })
        {
            findings.Refuse("set, or every other secagg field null: secure aggregation needs both ids and the random number", "null");
            findings.Within(missing);
        }
    }
}
