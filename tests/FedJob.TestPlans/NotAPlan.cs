namespace FedJob.TestPlans;

/// <summary>A public class that is no training plan.</summary>
public sealed class NotAPlan;
