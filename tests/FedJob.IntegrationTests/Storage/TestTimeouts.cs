namespace FedJob.IntegrationTests.Storage;

/// <summary>How long a test waits for what must come: generous, it never passes in a good run.</summary>
internal static class TestTimeouts
{
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(30);
}
