namespace FedJob.IntegrationTests;

/// <summary>How long a test waits for something that should come at once; generous, because machines are shared.</summary>
internal static class TestTimeouts
{
    public static TimeSpan Default { get; } = TimeSpan.FromSeconds(30);
}
