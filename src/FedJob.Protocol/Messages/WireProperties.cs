namespace FedJob.Protocol.Messages;

/// <summary>
/// The MQTT 5 user properties by which FedJob ends say more to each other than Fed-BioMed's JSON holds. Python nodes ignore them.
/// </summary>
public static class WireProperties
{
    /// <summary>
    /// On pong and search replies and train replies of a FedJob node: the version of these properties, <see cref="Version"/>.
    /// </summary>
    public const string FedJob = "fedjob";

    /// <summary>The value of <see cref="FedJob"/>.</summary>
    public const string Version = "1";

    /// <summary>
    /// On a train request: its id. On everything a FedJob node says about it (train, error, add_scalar, log): the same id.
    /// </summary>
    public const string RequestId = "fedjob-request";

    /// <summary>
    /// On a train request: the digest of the file behind <c>params_url</c>. On a train reply: of the file behind its <c>params_url</c>.
    /// </summary>
    public const string ParametersDigest = "fedjob-params-digest";

    /// <summary>On a train request: the digest (SHA-256) of the file behind <c>training_plan_url</c>.</summary>
    public const string TrainingPlanDigest = "fedjob-plan-digest";

    /// <summary>On a train request: the seed of the model's initial parameters, a whole number.</summary>
    public const string Seed = "fedjob-seed";
}
