namespace FedJob.IntegrationTests.Faults;

/// <summary>Alone in the process: it counts its memory and handles.</summary>
[CollectionDefinition(nameof(SoakTests), DisableParallelization = true)]
public sealed class SoakCollection;
