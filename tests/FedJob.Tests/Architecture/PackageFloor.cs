namespace FedJob.Tests.Architecture;

/// <summary>What one package may refer to.</summary>
internal sealed record PackageFloor(IReadOnlyList<string> Projects, IReadOnlyList<string> Packages, IReadOnlyList<string> Frameworks);
