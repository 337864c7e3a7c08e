namespace FedJob.Rounds;

/// <summary>Parameters as a file here and in the repository.</summary>
/// <param name="Path">The file, in the job's directory.</param>
/// <param name="Url">Where nodes download it.</param>
public sealed record PublishedParameters(string Path, Uri Url);
