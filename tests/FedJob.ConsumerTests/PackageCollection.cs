namespace FedJob.ConsumerTests;

/// <summary>Packs once for all tests of this project.</summary>
[CollectionDefinition(nameof(PackageCollection))]
public sealed class PackageCollection : ICollectionFixture<PackedPackages>;
