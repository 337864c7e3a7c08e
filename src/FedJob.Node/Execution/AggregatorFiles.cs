using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Node.State;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;

namespace FedJob.Node.Execution;

/// <summary>The tensors that the researcher's rule sent this node as files: the arguments that are references {arg_name, filename, url}. Views of mapped files.</summary>
internal sealed class AggregatorFiles : IDisposable
{
    private readonly SortedDictionary<string, ModelParameters> _tensors = new(StringComparer.Ordinal);

    private AggregatorFiles()
    {
    }

    /// <summary>The tensors by argument name.</summary>
    public IReadOnlyDictionary<string, ModelParameters> Tensors => _tensors;

    /// <summary>Downloads and opens the files of a request; their names on disk are the node's own.</summary>
    /// <param name="arguments">The request's arguments, as <see cref="TrainRules"/> passed them.</param>
    /// <param name="repository">Where they lie.</param>
    /// <param name="work">Where they go.</param>
    /// <param name="cancellationToken">Ends the downloads.</param>
    /// <returns>The tensors; none where no argument is a file.</returns>
    /// <exception cref="FedJobException">A file cannot be downloaded, or is no map of tensors.</exception>
    public static async Task<AggregatorFiles> OpenAsync(
        JsonObject arguments, IRepository repository, WorkFolder work, CancellationToken cancellationToken)
    {
        var files = new AggregatorFiles();
        try
        {
            foreach ((string name, JsonNode? value) in arguments)
            {
                if (value is not JsonObject reference)
                {
                    continue;
                }

                string path = work.AggregatorFile(files._tensors.Count);
                var download = new DownloadRequest { Url = TrainRules.ReadFileUrl(name, reference), DestinationPath = path };
                await repository.DownloadAsync(download, cancellationToken).ConfigureAwait(false);
                files._tensors.Add(name, TensorMapFile.Open(path));
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The arguments that are no files.</summary>
    public static JsonObject ValuesOf(JsonObject arguments) =>
        new(arguments.Where(a => a.Value is not JsonObject).Select(a => KeyValuePair.Create(a.Key, a.Value?.DeepClone())));

    public void Dispose()
    {
        foreach (ModelParameters tensors in _tensors.Values)
        {
            tensors.Dispose();
        }
    }
}
