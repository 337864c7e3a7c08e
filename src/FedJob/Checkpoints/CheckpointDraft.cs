using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Checkpoints;

/// <summary>
/// A checkpoint while it is written: a directory beside its target, named <c>.&lt;target&gt;.&lt;random&gt;.partial</c>. Every file is hashed on its way and
/// flushed to the disk, the manifest last; then the directory gets its name. A killed process leaves the partial directory, which nothing reads.
/// </summary>
internal sealed partial class CheckpointDraft : IDisposable
{
    public const string PartialEnd = ".partial";
    private const int BlockBytes = 1 << 20;
    private const int LineBytes = 1 << 16;

    private readonly string _target;
    private readonly string _directory;
    private readonly List<CheckpointFile> _files = [];
    private readonly ILogger _logger;
    private bool _committed;

    private CheckpointDraft(string target, string directory, ILogger logger) => (_target, _directory, _logger) = (target, directory, logger);

    /// <summary>Begins a checkpoint.</summary>
    /// <exception cref="FedJobException">The target exists, or its folder cannot be written to (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static CheckpointDraft Begin(string target, ILogger logger)
    {
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        try
        {
            if (Path.GetDirectoryName(target) is not { } parent || Path.Exists(target))
            {
                throw new IOException("It exists already, and a checkpoint is never overwritten: choose another name or remove it.");
            }

            string directory = Path.Combine(parent, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}{PartialEnd}");
            Directory.CreateDirectory(directory);
            return new CheckpointDraft(target, directory, logger);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(target, failure);
        }
    }

    public void AddBytes(string name, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = Create(name);
        file.Write(bytes);
        Add(new CheckpointFile(name, FlushToDisk(file), Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }

    /// <summary>Copies a file that nobody changes; it is hashed while the copy is written and flushed. Memory does not grow with it.</summary>
    public async Task AddCopyAsync(string name, string source, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<FileDigest> hashing = FileDigest.ComputeAsync(source, DigestAlgorithm.Sha256, stop.Token);
        long length;
        try
        {
            using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            using FileStream to = Create(name);
            await from.CopyToAsync(to, BlockBytes, cancellationToken).ConfigureAwait(false);
            length = FlushToDisk(to);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)hashing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // the copy's failure is the one to tell
            throw;
        }

        Add(new CheckpointFile(name, length, (await hashing.ConfigureAwait(false)).Hex));
    }

    /// <summary>Writes each item as a line of JSON.</summary>
    public void AddLines<T>(string name, IEnumerable<T> items, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using FileStream to = Create(name, LineBytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (T item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(item, type), (byte)'\n'];
            to.Write(line);
            hash.AppendData(line);
        }

        Add(new CheckpointFile(name, FlushToDisk(to), Convert.ToHexStringLower(hash.GetHashAndReset())));
    }

    /// <summary>Writes values that a rule or sampler remembers.</summary>
    public async Task AddValuesAsync(string name, ParameterMap values, CancellationToken cancellationToken)
    {
        string path = Path.Combine(_directory, name);
        LogWriting(name);
        await ParameterFileWriter.WriteAsync(path, values, cancellationToken).ConfigureAwait(false);
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        string digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
        Add(new CheckpointFile(name, FlushToDisk(file), digest));
    }

    /// <summary>Writes the manifest and gives the directory its name.</summary>
    public string Commit(Func<IReadOnlyList<CheckpointFile>, CheckpointManifest> manifest)
    {
        AddBytes(CheckpointFileNames.Manifest, manifest([.. _files]).Write());
        LogNaming(_target);
        Directory.Move(_directory, _target);
        _committed = true;
        LogNamed(_target);
        return _target;
    }

    public void Dispose()
    {
        if (_committed)
        {
            return;
        }

        try
        {
            Directory.Delete(_directory, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What led here is on its way to the caller; a partial directory is never read.
        }
    }

    public static FedJobException Failed(string target, Exception failure) =>
        new(FedJobErrorCode.LocalFileFailed, $"The checkpoint '{target}' cannot be written: {failure.Message}", failure);

    private FileStream Create(string name, int buffer = 0)
    {
        LogWriting(name);
        return new FileStream(Path.Combine(_directory, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, buffer);
    }

    private void Add(CheckpointFile file)
    {
        _files.Add(file);
        LogWritten(file.Name);
    }

    private static long FlushToDisk(FileStream file)
    {
        file.Flush(flushToDisk: true);
        return file.Length;
    }

    [LoggerMessage(1060, LogLevel.Trace, "Checkpoint: {Name} is to be written")]
    private partial void LogWriting(string name);

    [LoggerMessage(1061, LogLevel.Trace, "Checkpoint: {Name} written")]
    private partial void LogWritten(string name);

    [LoggerMessage(1062, LogLevel.Trace, "Checkpoint {Directory} is whole and gets its name")]
    private partial void LogNaming(string directory);

    [LoggerMessage(1063, LogLevel.Trace, "Checkpoint {Directory} has its name")]
    private partial void LogNamed(string directory);
}
