using FedJob.Metrics;
using FedJob.Nodes;
using FedJob.Rounds;

namespace FedBioMed;

/// <summary>Shows a training as it happens. Called from several threads.</summary>
internal interface IProgressView
{
    /// <summary>The nodes and their datasets are known.</summary>
    void Found(FederatedDataset data);

    /// <summary>Something happened in the running round.</summary>
    void Happened(RoundEvent roundEvent);

    /// <summary>A node reported metrics.</summary>
    void Reported(NodeMetric metric, int round);

    /// <summary>A round is over, well or not.</summary>
    void RoundEnded(RoundReport round);

    /// <summary>A line that is no result: a warning of a node or of the program.</summary>
    void Log(string line);

    /// <summary>The program is over.</summary>
    void Ended(RunEnd end);
}
