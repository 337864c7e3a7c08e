namespace FedJob.Testing.Scripting;

/// <summary>The files a train request names, downloaded.</summary>
internal sealed class TaskFiles(OrderedDictionary<string, object?> request, Downloads downloads, string directory)
{
    public string ParametersPath { get; private set; } = "";

    public Dictionary<string, string> AggregatorFiles { get; } = new(StringComparer.Ordinal);

    public List<string> AuxiliaryFiles { get; } = [];

    public Task<byte[]> PlanAsync(CancellationToken cancellationToken) =>
        GetAsync((string)request["training_plan_url"]!, $"training_plan_{Guid.NewGuid():N}.py", cancellationToken);

    public async Task DownloadAsync(CancellationToken cancellationToken)
    {
        ParametersPath = await SaveAsync((string)request["params_url"]!, $"my_model_{Guid.NewGuid()}.mpk", cancellationToken).ConfigureAwait(false);
        foreach (object? url in request["aux_var_urls"] as List<object?> ?? [])
        {
            AuxiliaryFiles.Add(
                await SaveAsync(PythonText.Str(url), $"aux_var_{Guid.NewGuid()}.mpk", cancellationToken).ConfigureAwait(false));
        }

        foreach (var (name, value) in (OrderedDictionary<string, object?>)request["aggregator_args"]!)
        {
            // Any object is taken as a reference to a file.
            if (value is OrderedDictionary<string, object?> reference)
            {
                string url = reference.GetValueOrDefault("url") as string
                    ?? throw new TrainFailure($"Cannot download training plan files: {PythonText.Raised("KeyError", "url")}");
                AggregatorFiles[name] = await SaveAsync(url, $"{name}_{Guid.NewGuid()}.mpk", cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<string> SaveAsync(string url, string name, CancellationToken cancellationToken)
    {
        string path = Path.Combine(directory, Path.GetFileName(name));
        byte[] content = await GetAsync(url, name, cancellationToken).ConfigureAwait(false);
        await File.WriteAllBytesAsync(path, content, cancellationToken).ConfigureAwait(false);
        return path;
    }

    private async Task<byte[]> GetAsync(string url, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await downloads.GetAsync(url, name, cancellationToken).ConfigureAwait(false);
        }
        catch (DownloadException exception)
        {
            throw new TrainFailure(
                $"Cannot download training plan files: {PythonText.Raised("FedbiomedRepositoryError", exception.Message)}", exception);
        }
    }
}
