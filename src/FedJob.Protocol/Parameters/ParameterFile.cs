namespace FedJob.Protocol.Parameters;

/// <summary>A parameter file that is open: its tensors and bytes are views of the mapped file and end with <see cref="Dispose"/>.</summary>
public sealed class ParameterFile : IDisposable
{
    private readonly MappedFile _file;

    internal ParameterFile(MappedFile file, ParameterValue value)
    {
        _file = file;
        Value = value;
    }

    /// <summary>The one value the file holds.</summary>
    public ParameterValue Value { get; }

    /// <summary>The file's length in bytes.</summary>
    public long Length => _file.Length;

    /// <summary>
    /// Releases the file. Tensors and bytes read from it throw <see cref="ObjectDisposedException"/> afterwards; spans taken before must
    /// not be used any more. May be called more than once.
    /// </summary>
    public void Dispose() => _file.Dispose();
}
