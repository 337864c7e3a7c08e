using FedJob.Protocol.Messages;
using FedJob.Protocol.Mqtt;
using FedJob.Protocol.Storage;

namespace FedJob;

/// <summary>Where a researcher's broker and repository are, and who the researcher is.</summary>
public sealed class FedJobClientOptions
{
    /// <summary>The MQTT broker.</summary>
    public BrokerOptions Broker { get; set; } = new();

    /// <summary>The HTTP file repository; its address is required.</summary>
    public RepositoryOptions Repository { get; set; } = new();

    /// <summary>The researcher's id, at most 100 of <c>A-Z a-z 0-9 _ . -</c>. Default: a new <c>researcher_</c> id for each client.</summary>
    public string? ResearcherId { get; set; }

    /// <summary>How long nodes may take to answer a ping, search or list; above 0, at most 10 min. Default: 2 s.</summary>
    public TimeSpan SearchWindow { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long nodes may take to answer a question about a plan's approval, with its download; above 0, at most 10 min. Default: 10 s.</summary>
    public TimeSpan ApprovalWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks the values and the rules between them.</summary>
    /// <returns>One message for each rule that is broken: the option, its value and what is allowed; none when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> failures =
        [
            .. Broker?.Validate() ?? ["FedJobClientOptions.Broker is null; allowed: where the broker is."],
            .. Repository?.Validate() ?? ["FedJobClientOptions.Repository is null; allowed: where the repository is."],
        ];
        if (ResearcherId is not null && (!Identifier.IsValid(ResearcherId) || ResearcherId.Length > 100))
        {
            failures.Add($"FedJobClientOptions.ResearcherId is '{ResearcherId}'; allowed: 1 to 100 of A-Z a-z 0-9 _ . -");
        }

        if (SearchWindow <= TimeSpan.Zero || SearchWindow > TimeSpan.FromMinutes(10))
        {
            failures.Add($"FedJobClientOptions.SearchWindow is {SearchWindow}; allowed: above 0, at most 10 min.");
        }

        if (ApprovalWindow <= TimeSpan.Zero || ApprovalWindow > TimeSpan.FromMinutes(10))
        {
            failures.Add($"FedJobClientOptions.ApprovalWindow is {ApprovalWindow}; allowed: above 0, at most 10 min.");
        }

        return failures;
    }
}
