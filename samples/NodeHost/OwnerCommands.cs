using System.Globalization;
using FedJob.Node.Approval;
using FedJob.Node.Datasets;

namespace NodeHost;

/// <summary>What a node's owner looks at and decides, beside the running node: both work on its state directory.</summary>
internal static class OwnerCommands
{
    public static async Task ListDatasetsAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        IReadOnlyList<KnownDataset> datasets = await DatasetRegistry.ReadKnownAsync(arguments.StateDirectory, cancellationToken);
        foreach (KnownDataset dataset in datasets)
        {
            string shape = string.Join(" x ", dataset.Shape);
            Console.WriteLine($"{dataset.Id}  {dataset.Name}  {shape}  tags: {string.Join(",", dataset.Tags)}  {dataset.SourcePath}");
        }

        Console.WriteLine($"{datasets.Count} dataset(s) in {arguments.StateDirectory}");
    }

    public static async Task ListPlansAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        IReadOnlyList<PlanApproval> plans = await Open(arguments).ListAsync(cancellationToken);
        foreach (PlanApproval plan in plans)
        {
            string seen = plan.FirstSeen.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            Console.WriteLine($"{plan.Sha256}  {plan.Status,-8}  first seen {seen}  {plan.Name}  {plan.Note}");
        }

        Console.WriteLine($"{plans.Count} plan(s) in {arguments.StateDirectory}");
    }

    public static async Task DecideAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        PlanApprovals approvals = Open(arguments);
        PlanApproval plan = arguments.Command == Command.ApprovePlan
            ? await approvals.ApproveAsync(arguments.PlanHash, null, cancellationToken)
            : await approvals.RejectAsync(arguments.PlanHash, null, cancellationToken);
        Console.WriteLine($"{plan.Sha256}  {plan.Status}  {plan.Name}");
    }

    private static PlanApprovals Open(Arguments arguments) => PlanApprovals.Open(arguments.StateDirectory, TimeProvider.System);
}
