namespace NodeHost;

internal enum Command
{
    Run,
    Help,
    ListDatasets,
    ListPlans,
    ApprovePlan,
    RejectPlan,
}
