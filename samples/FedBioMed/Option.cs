namespace FedBioMed;

/// <summary>An option of the command line.</summary>
/// <param name="Name">With its two dashes.</param>
/// <param name="Value">What its value is called; <see langword="null"/> for a switch.</param>
/// <param name="Description">For the help.</param>
/// <param name="Required">Whether there is no run without it.</param>
/// <param name="OnlyToStart">Whether a required option may be left out with <c>--resume</c>, where the job that goes on has its value.</param>
internal sealed record Option(string Name, string? Value, string Description, bool Required = false, bool OnlyToStart = false);
