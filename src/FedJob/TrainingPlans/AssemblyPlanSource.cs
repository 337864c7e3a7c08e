using FedJob.Abstractions;
using FedJob.Protocol.Storage;
using FedJob.Protocol.TrainingPlans;

namespace FedJob.TrainingPlans;

/// <summary>A plan in a compiled assembly: the researcher's instance is made from the very bytes that nodes get.</summary>
internal sealed class AssemblyPlanSource(string assemblyPath, string typeName) : TrainingPlanSource
{
    internal override async Task<PreparedPlan> PrepareAsync(CancellationToken cancellationToken)
    {
        PlanBundle bundle = await PlanBundle.FromAssemblyAsync(assemblyPath, cancellationToken).ConfigureAwait(false);
        LoadedPlan loaded = LoadedPlan.Load(bundle, typeName);
        try
        {
            ITrainingPlan instance = loaded.CreateInstance();
            return new PreparedPlan(
                bundle.Bytes, ".zip", new FileDigest(DigestAlgorithm.Sha256, bundle.Sha256), typeName, instance)
            {
                Assembly = loaded,
            };
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }
}
