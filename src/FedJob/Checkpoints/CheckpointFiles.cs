using System.Security.Cryptography;
using FedJob.Abstractions;

namespace FedJob.Checkpoints;

/// <summary>The files of a checkpoint, each of which has been found to be as its manifest says.</summary>
internal sealed class CheckpointFiles
{
    private readonly string _directory;
    private readonly Dictionary<string, CheckpointFile> _files;

    private CheckpointFiles(string directory, CheckpointManifest manifest)
    {
        (_directory, Manifest) = (directory, manifest);
        _files = manifest.Files.ToDictionary(f => f.Name, StringComparer.Ordinal);
    }

    public CheckpointManifest Manifest { get; }

    /// <summary>Reads the manifest, then the length and digest of every file it names. Files beside them are ignored.</summary>
    /// <exception cref="CheckpointException">Something is missing, cut, edited, or of another version.</exception>
    /// <exception cref="FedJobException">A file cannot be read (<see cref="FedJobErrorCode.LocalFileFailed"/>).</exception>
    public static async Task<CheckpointFiles> VerifyAsync(string directory, CancellationToken cancellationToken)
    {
        byte[] bytes = await ReadManifestAsync(directory, cancellationToken).ConfigureAwait(false);
        var files = new CheckpointFiles(directory, CheckpointManifest.Read(directory, bytes));
        foreach (CheckpointFile file in files.Manifest.Files)
        {
            await files.VerifyAsync(file, cancellationToken).ConfigureAwait(false);
        }

        return files;
    }

    public bool Contains(string name) => _files.ContainsKey(name);

    /// <summary>The path of a file, or null where the checkpoint has none of that name.</summary>
    public string? Find(string name) => Contains(name) ? Path.Combine(_directory, name) : null;

    public string Require(string name) => Find(name) ?? throw Invalid($"holds no '{name}'");

    /// <summary>Reads a whole file into memory, if it is not larger than allowed.</summary>
    public async Task<byte[]> ReadAsync(string name, long mostBytes, CancellationToken cancellationToken)
    {
        string path = Require(name);
        return _files[name].Length <= mostBytes
            ? await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false)
            : throw Invalid($"holds a '{name}' of {_files[name].Length} bytes; at most {mostBytes} are allowed");
    }

    public CheckpointException Invalid(string how, Exception? cause = null) => Invalid(_directory, how, cause);

    private static CheckpointException Invalid(string directory, string how, Exception? cause = null) => new(
        FedJobErrorCode.CheckpointInvalid, directory, $"The checkpoint '{directory}' {how}. Nothing of it was used; resume from another checkpoint of the job.", cause);

    private static async Task<byte[]> ReadManifestAsync(string directory, CancellationToken cancellationToken)
    {
        var manifest = new FileInfo(Path.Combine(directory, CheckpointFileNames.Manifest));
        if (!manifest.Exists)
        {
            throw Invalid(directory, $"lacks '{CheckpointFileNames.Manifest}'");
        }

        RefuseLink(directory, manifest);
        return manifest.Length <= CheckpointManifest.MaximumBytes
            ? await File.ReadAllBytesAsync(manifest.FullName, cancellationToken).ConfigureAwait(false)
            : throw Invalid(directory, $"has a '{manifest.Name}' of {manifest.Length} bytes; at most {CheckpointManifest.MaximumBytes} are allowed");
    }

    private static void RefuseLink(string directory, FileInfo file)
    {
        if (file.LinkTarget is not null)
        {
            throw Invalid(directory, $"has a link in place of '{file.Name}'; a checkpoint holds its files itself");
        }
    }

    private async Task VerifyAsync(CheckpointFile expected, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.Combine(_directory, expected.Name));
        if (!file.Exists)
        {
            throw Invalid($"lacks '{expected.Name}', which its manifest names");
        }

        RefuseLink(_directory, file);
        if (file.Length != expected.Length)
        {
            throw Invalid($"has a '{expected.Name}' of {file.Length} bytes; its manifest says {expected.Length}");
        }

        using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan | FileOptions.Asynchronous);
        string digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
        if (digest != expected.Sha256)
        {
            throw Invalid($"has another '{expected.Name}' than was saved: its SHA-256 is {digest}, its manifest says {Shorten(expected.Sha256)}");
        }
    }

    private static string Shorten(string text) => text.Length > 64 ? text[..64] + "..." : text;
}
