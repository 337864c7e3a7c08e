using System.IO.MemoryMappedFiles;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// A whole file mapped for reading. There is no finaliser on purpose: a span into the mapping keeps nothing alive, so only an explicit
/// <see cref="Dispose"/> may end it; forgetting that leaks address space, never crashes.
/// </summary>
internal sealed unsafe class MappedFile : IStorageSource, IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private int _disposed;

    private MappedFile(FileStream stream)
    {
        Length = stream.Length;
        if (Length == 0)
        {
            return; // an empty file cannot be mapped
        }

        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _start = start + _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _file.Dispose();
            throw;
        }
    }

    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="FedJobException">It cannot be opened or mapped.</exception>
    public static MappedFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            return new MappedFile(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new FedJobException(
                FedJobErrorCode.LocalFileFailed,
                $"The parameter file '{path}' could not be opened: {e.Message} Check that it exists and that this process may read it.",
                e);
        }
    }

    public byte* GetPointer()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, typeof(ParameterFile));
        return _start;
    }

    public TensorStorage Slice(long offset, long length) => new MappedTensorStorage(this, offset, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && _view is not null)
        {
            _start = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }
    }
}
