using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FedJob.Abstractions;
using FedJob.Protocol.Storage;
using Microsoft.Win32.SafeHandles;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// An aggregated-parameters file whose tensors are filled block by block, in any order and on several threads, so that new parameters never lie in
/// memory as a whole. Everything beside the tensors' bytes stands in the file from the beginning, and its room is reserved.
/// </summary>
/// <remarks>
/// Byte for byte the file is the one that <see cref="AggregatedParametersFile.WriteAsync"/> writes for the same tensors. It has a temporary name until
/// <see cref="CompleteAsync"/>; without that call <see cref="Dispose"/> removes it. Not for use after either.
/// </remarks>
public sealed class AggregatedParametersDraft : IDisposable
{

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly string _temporary;
    private readonly Dictionary<string, Place> _places;
    private readonly long _length;
    private long _missing;
    private bool _complete;

    private AggregatedParametersDraft(string path, string temporary, SafeFileHandle file, Dictionary<string, Place> places, long length)
    {
        (_path, _temporary, _file, _places, _length) = (path, temporary, file, places, length);
        _missing = places.Values.Sum(p => p.Tensor.ByteCount);
    }

    /// <summary>Makes the file, with room for every tensor.</summary>
    /// <param name="path">Where the complete file goes; an existing one is replaced then. Its folder must exist.</param>
    /// <param name="researcherId">The researcher's id.</param>
    /// <param name="like">Tensors of the names, element types, shapes and kinds that the file shall hold, in their order; their elements do not matter.</param>
    /// <returns>The draft; dispose it.</returns>
    /// <exception cref="ParameterFormatException">A tensor is larger than the format can hold (4 GiB - 1), or of an element type PyTorch lacks.</exception>
    /// <exception cref="FedJobException">The file cannot be made, or there is no room for it (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static AggregatedParametersDraft Create(string path, string researcherId, ModelParameters like)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(researcherId);
        ArgumentNullException.ThrowIfNull(like);
        path = Path.GetFullPath(path);
        ParameterMap root = AggregatedParametersFile.Root(researcherId, like);
        WriteCheck.Check(root);
        long length = Frame(Stream.Null, root).Length;
        string temporary = ParameterFileWriter.TemporaryFor(path);
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, length);
            RandomAccess.SetLength(file, length);
            IReadOnlyList<long> holes = WriteFrame(file, root);
            var places = like.Zip(holes).ToDictionary(p => p.First.Key, p => new Place(p.First.Value, p.Second), StringComparer.Ordinal);
            return new AggregatedParametersDraft(path, temporary, file, places, length);
        }
        catch (Exception thrown)
        {
            file?.Dispose();
            ParameterFileWriter.Remove(temporary);
            if (thrown is IOException or UnauthorizedAccessException)
            {
                throw ParameterFileWriter.NotWritten(path, thrown);
            }

            throw;
        }
    }

    /// <summary>Writes a block of one tensor. May be called by several threads at once; each element is to be written once.</summary>
    /// <typeparam name="T">The .NET type of the tensor's elements.</typeparam>
    /// <param name="name">The tensor.</param>
    /// <param name="start">The index of the block's first element, in row-major order.</param>
    /// <param name="elements">The elements.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or its elements are of another type.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The block reaches beyond the tensor.</exception>
    /// <exception cref="FedJobException">The file cannot be written (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public void Write<T>(string name, long start, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        if (!_places.TryGetValue(name, out Place place) || TensorElementTypeExtensions.FromClrType<T>() != place.Tensor.ElementType)
        {
            throw new ArgumentException($"The file has no tensor '{name}' of {typeof(T).Name}.", nameof(name));
        }

        if (start < 0 || start > place.Tensor.ElementCount - elements.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), start, $"A block of {elements.Length} elements at {start} does not lie inside {place.Tensor}.");
        }

        try
        {
            RandomAccess.Write(_file, MemoryMarshal.AsBytes(elements), place.Offset + (start * Unsafe.SizeOf<T>()));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ParameterFileWriter.NotWritten(_path, failure);
        }

        Interlocked.Add(ref _missing, -MemoryMarshal.AsBytes(elements).Length);
    }

    /// <summary>Hashes the file and gives it its name. All blocks must have been written, and no writing be under way.</summary>
    /// <param name="cancellationToken">Ends the work between two blocks; the draft can then only be disposed.</param>
    /// <returns>Path, length and digest.</returns>
    /// <exception cref="InvalidOperationException">Not every element was written once.</exception>
    /// <exception cref="FedJobException">The file cannot be read or renamed (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public async Task<WrittenFile> CompleteAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        if (Interlocked.Read(ref _missing) is var missing and not 0)
        {
            throw new InvalidOperationException($"The parameter file '{_path}' is not complete: {missing} bytes of its tensors are missing.");
        }

        // Reading from the page cache never waits long enough to be worth asynchronous calls; it must not hold the caller's thread, though.
        return await Task.Run(() => Complete(cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the file unless it is complete. May be called more than once.</summary>
    public void Dispose()
    {
        if (!_file.IsClosed)
        {
            _file.Dispose();
        }

        if (!_complete)
        {
            _complete = true;
            ParameterFileWriter.Remove(_temporary);
        }
    }

    private static (IReadOnlyList<long> Holes, long Length) Frame(Stream stream, ParameterMap root)
    {
        var sink = new ByteSink(stream, CancellationToken.None, withHoles: true);
        ValueEncoder.Write(sink, root);
        return (sink.Holes!, sink.Length);
    }

    private static IReadOnlyList<long> WriteFrame(SafeFileHandle file, ParameterMap root)
    {
        // The handle outlives the stream, which owns what it is given: so it gets a handle that owns nothing.
        using var borrowed = new SafeFileHandle(file.DangerousGetHandle(), ownsHandle: false);
        using var stream = new FileStream(borrowed, FileAccess.Write, bufferSize: 0);
        return Frame(stream, root).Holes;
    }

    private WrittenFile Complete(CancellationToken cancellationToken)
    {
        try
        {
            FileDigest digest = Hash(cancellationToken);
            _file.Dispose();
            File.Move(_temporary, _path, overwrite: true);
            _complete = true;
            return new WrittenFile(_path, _length, digest);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ParameterFileWriter.NotWritten(_path, failure);
        }
    }

    private FileDigest Hash(CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        byte[] buffer = TransferBlocks.Rent(TransferBlocks.LargestBytes);
        try
        {
            for (long offset = 0; offset < _length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int read = RandomAccess.Read(_file, buffer, offset);
                if (read == 0)
                {
                    throw new FedJobException(
                        FedJobErrorCode.LocalFileFailed,
                        $"The parameter file '{_path}' ended after {offset} of {_length} bytes while it was hashed: something else cut it. Leave the job's files alone.");
                }

                hash.Append(buffer.AsSpan(0, read));
                offset += read;
            }
        }
        finally
        {
            TransferBlocks.Return(buffer);
        }

        return new FileDigest(DigestAlgorithm.XxHash128, Convert.ToHexStringLower(hash.GetCurrentHash()));
    }

    private readonly record struct Place(ParameterTensor Tensor, long Offset);
}
