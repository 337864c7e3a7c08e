using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Node.Execution;

/// <summary>What a well-formed train request may ask of this node. What the node cannot do is refused, never left out silently.</summary>
internal static class TrainRules
{
    /// <summary>More than any known rule sends.</summary>
    private const int MaximumAggregatorFiles = 16;

    /// <summary>Checks a request.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="FedJobException">It asks for something this node does not do, or its arguments contradict each other.</exception>
    public static void Check(TrainRequest request)
    {
        if (request.SecaggServerKeyId is not null || request.SecaggBiprimeId is not null || request.SecaggRandom is not null)
        {
            throw Refused("secure aggregation was asked for, which this node does not do; it never trains in clear instead");
        }

        if (request.AuxiliaryVariableUrls is { Count: > 0 } urls)
        {
            throw Refused($"aux_var_urls names {urls.Count} files of optimizer auxiliary variables, which .NET training plans do not take");
        }

        int files = request.AggregatorArgs.Count(a => a.Value is JsonObject);
        if (files > MaximumAggregatorFiles)
        {
            throw Refused($"aggregator_args refers to {files} files; at most {MaximumAggregatorFiles} are taken");
        }

        foreach ((string name, JsonNode? value) in request.AggregatorArgs)
        {
            if (value is JsonObject reference)
            {
                ReadFileUrl(name, reference);
            }
        }

        if (string.IsNullOrWhiteSpace(request.TrainingPlanClass))
        {
            throw Refused("training_plan_class is empty; the full name of the plan's type is expected");
        }

        try
        {
            request.TrainingArgs.Validate(request.Training);
        }
        catch (ArgumentException e)
        {
            throw Refused(e.Message);
        }
    }

    /// <summary>Reads a URL of a request; the repository client decides whether it is allowed.</summary>
    /// <param name="field">The field, by its name on the wire.</param>
    /// <param name="text">What it says.</param>
    /// <returns>The URL.</returns>
    /// <exception cref="FedJobException">It is no URL.</exception>
    public static Uri ReadUrl(string field, string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        ? url
        : throw new FedJobException(
            FedJobErrorCode.UrlNotAllowed, $"{field} is '{text}', which is no URL; a URL of the node's own repository is expected.");

    /// <summary>Reads the URL of an aggregator argument that is a file.</summary>
    /// <param name="name">The argument.</param>
    /// <param name="reference">The reference {arg_name, filename, url}.</param>
    /// <returns>The URL.</returns>
    /// <exception cref="FedJobException">It is no reference with a URL.</exception>
    public static Uri ReadFileUrl(string name, JsonObject reference) => reference["url"] is JsonValue value && value.TryGetValue(out string? url)
        ? ReadUrl($"aggregator_args.{name}.url", url)
        : throw Refused($"aggregator_args.{name} is an object without a url; a file reference {{arg_name, filename, url}} is expected");

    private static FedJobException Refused(string why) =>
        new(FedJobErrorCode.MessageInvalid, $"The node cannot do what the train request asks: {why}.");
}
