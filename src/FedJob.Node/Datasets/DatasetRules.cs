using FedJob.Abstractions;

namespace FedJob.Node.Datasets;

/// <summary>What a node accepts as a dataset.</summary>
internal static class DatasetRules
{
    private const int MaximumTags = 32;
    private const int MaximumTextLength = 128;
    private const int MaximumDescriptionLength = 4096;

    /// <summary>Checks a dataset by itself.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <exception cref="FedJobException">A rule is broken.</exception>
    public static void Check(NodeDataset dataset)
    {
        string name = dataset.Data.Name;
        if (!IsText(name))
        {
            throw Invalid(
                $"A dataset's name is '{Shorten(name)}': 1 to {MaximumTextLength} characters without control characters are allowed.");
        }

        if (dataset.Tags.Count is 0 or > MaximumTags)
        {
            throw Invalid($"Dataset '{name}' has {dataset.Tags.Count} tags: 1 to {MaximumTags} are allowed.");
        }

        if (dataset.Tags.FirstOrDefault(tag => !IsText(tag)) is { } bad)
        {
            throw Invalid(
                $"Dataset '{name}' has the tag '{Shorten(bad)}': "
                + $"1 to {MaximumTextLength} characters without control characters are allowed.");
        }

        if (dataset.Tags.Distinct(StringComparer.Ordinal).Count() != dataset.Tags.Count)
        {
            throw Invalid($"Dataset '{name}' has a tag twice: {string.Join(", ", dataset.Tags)}.");
        }

        if (dataset.Description.Length > MaximumDescriptionLength)
        {
            throw Invalid(
                $"The description of dataset '{name}' has {dataset.Description.Length} characters: "
                + $"at most {MaximumDescriptionLength} are allowed.");
        }

        if (dataset.Data.SampleCount < 1)
        {
            throw Invalid($"Dataset '{name}' has no sample: at least 1 is needed.");
        }
    }

    /// <summary>Checks a dataset against those that are there.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="registered">Those that are there.</param>
    /// <exception cref="FedJobException">Its name or its file is registered already.</exception>
    public static void CheckNew(NodeDataset dataset, IEnumerable<RegisteredDataset> registered)
    {
        foreach (RegisteredDataset other in registered)
        {
            if (string.Equals(other.Dataset.Data.Name, dataset.Data.Name, StringComparison.Ordinal))
            {
                throw Invalid($"A dataset named '{dataset.Data.Name}' is registered already as {other.Id}. Give this one another name.");
            }

            if (SourceOf(dataset) is { } path && string.Equals(SourceOf(other.Dataset), path, StringComparison.Ordinal))
            {
                throw Invalid(
                    $"The file '{path}' is registered already as dataset '{other.Dataset.Data.Name}' ({other.Id}). Register it once.");
            }
        }
    }

    /// <summary>The error of a dataset that cannot be used.</summary>
    /// <param name="message">What is wrong, and what is allowed.</param>
    /// <param name="cause">The cause, if another exception was.</param>
    /// <returns>The error.</returns>
    public static FedJobException Invalid(string message, Exception? cause = null) => new(FedJobErrorCode.DatasetInvalid, message, cause);

    private static string? SourceOf(NodeDataset dataset) => dataset.SourcePath ?? (dataset.Data as FileDataset)?.Path;

    private static bool IsText(string? text) =>
        !string.IsNullOrWhiteSpace(text) && text.Length <= MaximumTextLength && !text.Any(char.IsControl);

    private static string? Shorten(string? text) => text?.Length > 60 ? text[..60] + "..." : text;
}
