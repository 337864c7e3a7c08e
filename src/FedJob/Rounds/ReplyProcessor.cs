using System.Globalization;
using FedJob.Abstractions;
using FedJob.Aggregation;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Protocol.Parameters;
using FedJob.Protocol.Storage;
using Microsoft.Extensions.Logging;

namespace FedJob.Rounds;

/// <summary>Turns one reply into a verdict: reads it, downloads the node's parameters and checks them. A node's failure is data, never an exception.</summary>
internal sealed partial class ReplyProcessor(
    RoundContext context, RoundRequest request, ModelParameters global, IRepository repository, string researcherId, RoundPolicy policy, ILogger logger, TimeProvider timeProvider)
{
    /// <summary>More samples than any data has; what is beyond would only serve to outweigh the others.</summary>
    private const long MostSamples = 1_000_000_000_000;

    /// <summary>A reason is a node's own words: enough of them to understand it, not so many that they fill the log.</summary>
    private const int LongestReason = 2000;

    /// <summary>
    /// Beside its parameters a node's file holds at most as much again for its optimizer, and little else. Encrypted, several parameters share a
    /// ciphertext of 2,048 bits; with one for each it is 260 bytes a parameter.
    /// </summary>
    private readonly long _mostBytes = (request.SecureAggregation is null ? 4 : 264) * global.ByteCount + (64L << 20);

    private readonly ILogger _logger = logger;

    /// <summary>The verdict of a reply that brings no parameters; <see langword="null"/> when its parameters must be downloaded first.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="verdict">What is known of it.</param>
    /// <param name="before">The error the node sent before, which says more about a failure.</param>
    public CollectedReply? Judge(NodeReply reply, NodeVerdict verdict, ErrorReply? before)
    {
        switch (reply.Message)
        {
            case ErrorReply error:
                return Failed(verdict, VerdictKind.TrainingFailed, NodeErrors.Describe(error));
            case UnreadableReply unreadable:
                return Failed(verdict, VerdictKind.Rejected, unreadable.Flaw);
            case TrainReply { Success: false } failure:
                string text = failure.Text.Length > 0 ? failure.Text : "the node gave no reason";
                return Failed(verdict, VerdictKind.TrainingFailed, before is null ? text : $"{text} ({NodeErrors.Describe(before)})");
            case TrainReply when !request.Training:
                return new CollectedReply(verdict with { Kind = VerdictKind.Succeeded });
            case TrainReply { SampleCount: null or < 1 or > MostSamples } success:
                string samples = success.SampleCount?.ToString(CultureInfo.InvariantCulture) ?? "null";
                return Failed(verdict, VerdictKind.Rejected, $"sample_size is {samples}; expected 1 to {MostSamples}");
            case TrainReply success when success.DatasetId != context.Data.Datasets[verdict.NodeId].DatasetId:
                return Failed(verdict, VerdictKind.Rejected, $"the reply is for dataset '{success.DatasetId}', not the one asked for");
            case TrainReply success when !Uri.TryCreate(success.ParametersUrl, UriKind.Absolute, out _):
                return Failed(verdict, VerdictKind.Rejected, $"params_url '{success.ParametersUrl}' is no absolute URL");
            case TrainReply:
                return null;
            default:
                return Failed(verdict, VerdictKind.Rejected, $"a {reply.Message.Command} message is no reply to a train request");
        }
    }

    /// <summary>Downloads and checks the parameters of a reply that <see cref="Judge"/> found good so far.</summary>
    public async Task<CollectedReply> DownloadAsync(
        NodeReply reply, NodeVerdict verdict, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var success = (TrainReply)reply.Message;
        long began = timeProvider.GetTimestamp();
        verdict = verdict with { TrainingTime = success.Timing?.Elapsed, ParametersUrl = new Uri(success.ParametersUrl) };

        // Not named after the node: ids that differ only in case, or that are names of devices, are one file on some systems.
        string path = Path.Combine(context.Directory, $"update_{Guid.NewGuid():D}.mpk");
        try
        {
            DownloadedFile file = await repository.DownloadAsync(
                new DownloadRequest
                {
                    Url = new Uri(success.ParametersUrl),
                    DestinationPath = path,
                    SparePath = context.Spares?.Take(),
                    ExpectedDigest = reply.ParametersDigest,
                    MaximumBytes = _mostBytes,
                    IdleTimeout = policy.TransferIdleTimeout,
                    Progress = progress,
                },
                cancellationToken).ConfigureAwait(false);
            verdict = verdict with { DownloadedBytes = file.Length };
            long arrived = timeProvider.GetTimestamp();
            string? flaw = Check(path, reply.Ticket, out double? distance);
            verdict = verdict with { CheckTime = timeProvider.GetElapsedTime(arrived) };
            return flaw is null
                ? new CollectedReply(Timed(verdict) with { Kind = VerdictKind.Succeeded, SampleCount = success.SampleCount, StateId = success.StateId }, path, file.Digest)
                {
                    Distance = distance,
                }
                : Failed(Timed(verdict), VerdictKind.InvalidParameters, flaw);
        }
        catch (ParameterFormatException malformed)
        {
            return Failed(Timed(verdict), VerdictKind.InvalidParameters, malformed.Message);
        }
        catch (RepositoryException refused) when (refused.Code != FedJobErrorCode.LocalFileFailed)
        {
            VerdictKind kind = refused.Code == FedJobErrorCode.UrlNotAllowed ? VerdictKind.Rejected : VerdictKind.DownloadFailed;
            return Failed(Timed(verdict), kind, refused.Message);
        }

        NodeVerdict Timed(NodeVerdict untimed) => untimed with { DownloadTime = timeProvider.GetElapsedTime(began) };
    }

    private string? Check(string path, TrainTicket ticket, out double? distance)
    {
        distance = null;
        using NodeParametersFile file = NodeParametersFile.Open(path);
        if (file.NodeId != ticket.NodeId || file.JobId != ticket.JobId
            || (file.ResearcherId != researcherId && file.ResearcherId != ticket.RequestId))
        {
            // The reply itself was matched, and it names this file; what the file says of itself decides nothing, but should not pass unseen.
            LogFileOfAnother(ticket.NodeId, file.NodeId, file.JobId, file.ResearcherId);
        }

        if (file.Encrypted)
        {
            return request.SecureAggregation is null ? "the update is encrypted, and the round did not ask for secure aggregation" : null;
        }

        if (policy.OutlierGuard.Action == OutlierAction.None)
        {
            return UpdateCheck.Describe(file.Parameters, global);
        }

        // Not cancelled: what is here already is worth its check, which lasts as long as reading the file once.
        string? flaw = UpdateCheck.Describe(file.Parameters, global, out double measured);
        distance = measured;
        return flaw;
    }

    [LoggerMessage(1130, LogLevel.Warning, "The file of node {NodeId} says that it is of node {FileNode}, job {FileJob}, researcher {FileResearcher}; it is used all the same")]
    private partial void LogFileOfAnother(string nodeId, string fileNode, string fileJob, string fileResearcher);

    private static CollectedReply Failed(NodeVerdict verdict, VerdictKind kind, string reason) => new(verdict with
    {
        Kind = kind,
        Reason = reason.Length <= LongestReason ? reason : reason[..LongestReason] + "...",
    });
}
