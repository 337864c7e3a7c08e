using FedJob.Protocol.Messages;

namespace FedJob.Testing.Scripting;

/// <summary>Answers search and list.</summary>
internal sealed class DatasetDesk(IReadOnlyList<DatasetEntry> datasets, ReplyWriter replies)
{
    public DatasetEntry? Find(string datasetId) => datasets.FirstOrDefault(d => d.DatasetId == datasetId);

    public async Task SearchAsync(OrderedDictionary<string, object?> request)
    {
        var tags = (List<object?>)request["tags"]!;
        DatasetEntry[] found = [.. datasets.Where(d => tags.All(t => d.Tags.Contains(t)))];
        if (found.Length > 0)
        {
            await AnswerAsync(request, "search", found).ConfigureAwait(false);
        }
    }

    public Task ListAsync(OrderedDictionary<string, object?> request) => AnswerAsync(request, "list", datasets);

    private Task AnswerAsync(OrderedDictionary<string, object?> request, string command, IReadOnlyList<DatasetEntry> found) => replies.ReplyAsync(
        (string)request["researcher_id"]!,
        command,
        ("success", true),
        ("databases", found.Select(d => Describe(d, command == "search")).ToList()),
        ("node_id", replies.NodeId),
        ("count", found.Count));

    private static OrderedDictionary<string, object?> Describe(DatasetEntry dataset, bool withTypes)
    {
        var entry = new OrderedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["name"] = dataset.Name,
            ["data_type"] = dataset.DataType,
            ["tags"] = dataset.Tags,
            ["description"] = dataset.Description,
            ["shape"] = dataset.Shape ?? (object?)dataset.OtherShape,
            ["dataset_id"] = dataset.DatasetId,
        };
        if (withTypes && dataset.ColumnTypes is not null)
        {
            entry["dtypes"] = dataset.ColumnTypes;
        }

        entry["dataset_parameters"] = dataset.Parameters;
        foreach (var (name, value) in dataset.OtherFields ?? [])
        {
            entry[name] = value;
        }

        return entry;
    }
}
