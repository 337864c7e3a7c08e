namespace FedJob.Protocol.TrainingPlans;

/// <summary>One file of a plan bundle.</summary>
/// <param name="Name">Its name in the bundle: see <see cref="PlanFileNames"/>.</param>
/// <param name="Content">Its bytes.</param>
internal readonly record struct PlanArchiveEntry(string Name, ReadOnlyMemory<byte> Content);
