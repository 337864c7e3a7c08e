using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Protocol.Parameters;

namespace FedJob.Rounds;

/// <summary>
/// Writes and uploads what train requests refer to beside the parameters: files of aggregator arguments and of auxiliary variables. Caller's objects are
/// only read, equal bytes are uploaded once, and nodes see bare file names. The files lie in the round's directory and go with it.
/// </summary>
internal sealed class RequestExtras(JobUploads uploads, string directory)
{
    private readonly Dictionary<ModelParameters, (string FileName, Uri Url)> _tensors = new(ReferenceEqualityComparer.Instance);
    private Uri? _shared;

    /// <summary>The <c>aggregator_args</c> of one participant.</summary>
    public async Task<JsonObject> ArgumentsOfAsync(AggregatorArguments arguments, string nodeId, CancellationToken cancellationToken)
    {
        var result = new JsonObject();
        foreach (NodeArguments part in new[] { arguments.Shared, arguments.PerNode.GetValueOrDefault(nodeId, NodeArguments.None) })
        {
            foreach ((string name, JsonNode? value) in part.Values)
            {
                result[name] = value?.DeepClone();
            }

            foreach ((string name, ModelParameters tensors) in part.Files)
            {
                (string fileName, Uri url) = await UploadAsync(name, tensors, cancellationToken).ConfigureAwait(false);
                result[name] = new JsonObject { ["arg_name"] = name, ["filename"] = fileName, ["url"] = url.AbsoluteUri };
            }
        }

        return result;
    }

    /// <summary>The file of auxiliary variables that every participant gets; <see langword="null"/> where nothing is shared.</summary>
    public async Task<Uri?> SharedVariablesAsync(AuxiliaryVariables variables, CancellationToken cancellationToken) =>
        _shared ??= await UploadAsync(variables.Shared, cancellationToken).ConfigureAwait(false);

    /// <summary>The file of auxiliary variables of one participant; <see langword="null"/> where it has none.</summary>
    public Task<Uri?> OwnVariablesAsync(AuxiliaryVariables variables, string nodeId, CancellationToken cancellationToken) =>
        variables.PerNode.TryGetValue(nodeId, out IReadOnlyDictionary<string, ParameterMap>? own)
            ? UploadAsync(own, cancellationToken)
            : Task.FromResult<Uri?>(null);

    private async Task<(string FileName, Uri Url)> UploadAsync(string argument, ModelParameters tensors, CancellationToken cancellationToken)
    {
        if (!_tensors.TryGetValue(tensors, out (string FileName, Uri Url) known))
        {
            WrittenFile file = await TensorMapFile.WriteAsync(NewPath(argument), tensors, cancellationToken).ConfigureAwait(false);
            known = (Path.GetFileName(file.Path), await uploads.UploadAsync(file, cancellationToken).ConfigureAwait(false));
            _tensors.Add(tensors, known);
        }

        return known;
    }

    private async Task<Uri?> UploadAsync(IReadOnlyDictionary<string, ParameterMap> modules, CancellationToken cancellationToken)
    {
        if (modules.Count == 0)
        {
            return null;
        }

        var map = ParameterMap.Create(modules.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create<string, ParameterValue>(m.Key, m.Value)));
        WrittenFile file = await ParameterFileWriter.WriteAsync(NewPath("auxiliary_variables"), map, cancellationToken).ConfigureAwait(false);
        return await uploads.UploadAsync(file, cancellationToken).ConfigureAwait(false);
    }

    // An argument's name may be anything; a file's may not.
    private string NewPath(string topic) =>
        Path.Combine(directory, $"{(topic.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && topic.Length <= 40 ? topic : "argument")}_{Guid.NewGuid():D}.mpk");
}
