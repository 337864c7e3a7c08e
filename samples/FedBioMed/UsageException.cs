namespace FedBioMed;

/// <summary>The command line, or a file it names, is wrong.</summary>
internal sealed class UsageException(string message) : Exception(message);
