using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FedJob.Node.Datasets;
using FedJob.Node.State;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;

namespace FedJob.Node.Execution;

/// <summary>A train request that was checked as far as it can be without running it, with what its user properties say.</summary>
internal sealed record TrainTask
{
    /// <summary>The request.</summary>
    public required TrainRequest Request { get; init; }

    /// <summary>The dataset it names.</summary>
    public required RegisteredDataset Dataset { get; init; }

    /// <summary>Its id; null from a researcher that sends none (then the same request twice is two requests).</summary>
    public string? RequestId { get; init; }

    /// <summary>The digest of the global parameters, if the researcher told it.</summary>
    public FileDigest? ParametersDigest { get; init; }

    /// <summary>The SHA-256 of the training plan, if the researcher told it.</summary>
    public FileDigest? PlanDigest { get; init; }

    /// <summary>The seed of the model's initial parameters, if the researcher told it.</summary>
    public int? Seed { get; init; }

    /// <summary>Under what the request is known; null without a request id.</summary>
    public string? Key => RequestId is null ? null : FinishedReplies.KeyOf(Request.ResearcherId, Request.JobId, RequestId);

    /// <summary>Reads the user properties of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="properties">Its user properties.</param>
    /// <param name="dataset">The dataset it names.</param>
    /// <param name="task">The task, if all properties are well formed.</param>
    /// <param name="rejection">Which property is not, and what it should be.</param>
    /// <returns>Whether all are.</returns>
    public static bool TryCreate(
        TrainRequest request,
        IReadOnlyDictionary<string, string> properties,
        RegisteredDataset dataset,
        [NotNullWhen(true)] out TrainTask? task,
        [NotNullWhen(false)] out string? rejection)
    {
        task = null;
        rejection = null;
        string? requestId = properties.GetValueOrDefault(WireProperties.RequestId);
        int? seed = null;
        FileDigest? planDigest = null;
        FileDigest? parametersDigest = null;
        if (requestId is not null && !Identifier.IsValid(requestId))
        {
            rejection = Describe(WireProperties.RequestId, requestId, "an id");
        }
        else if (properties.TryGetValue(WireProperties.Seed, out string? seedText))
        {
            seed = int.TryParse(seedText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value : null;
            rejection = seed is null ? Describe(WireProperties.Seed, seedText, "a whole number") : null;
        }

        if (rejection is null && properties.TryGetValue(WireProperties.TrainingPlanDigest, out string? planText)
            && (!FileDigest.TryParse(planText, out planDigest) || planDigest.Algorithm != DigestAlgorithm.Sha256))
        {
            rejection = Describe(WireProperties.TrainingPlanDigest, planText, "a SHA-256 digest");
        }

        if (rejection is null && properties.TryGetValue(WireProperties.ParametersDigest, out string? parametersText)
            && !FileDigest.TryParse(parametersText, out parametersDigest))
        {
            rejection = Describe(WireProperties.ParametersDigest, parametersText, "a digest");
        }

        if (rejection is not null)
        {
            return false;
        }

        task = new TrainTask
        {
            Request = request,
            Dataset = dataset,
            RequestId = requestId,
            ParametersDigest = parametersDigest,
            PlanDigest = planDigest,
            Seed = seed,
        };
        return true;
    }

    private static string Describe(string property, string value, string expected) =>
        $"the user property '{property}' is '{(value.Length > 60 ? value[..60] + "..." : value)}'; expected {expected}";
}
