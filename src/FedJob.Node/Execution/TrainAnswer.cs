using FedJob.Protocol.Messages;
using FedJob.Protocol.Storage;

namespace FedJob.Node.Execution;

/// <summary>What a train request ended with.</summary>
/// <param name="Reply">The reply.</param>
/// <param name="ParametersDigest">The digest of the file behind its URL, where it has one.</param>
internal sealed record TrainAnswer(TrainReply Reply, FileDigest? ParametersDigest);
