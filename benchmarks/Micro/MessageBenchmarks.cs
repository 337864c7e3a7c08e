using BenchmarkDotNet.Attributes;
using FedJob.Benchmarks.Parameters;
using FedJob.Protocol.Messages;

namespace FedJob.Benchmarks.Micro;

/// <summary>Messages through the gate that everything sent passes, and through the reader that checks everything received.</summary>
public class MessageBenchmarks
{
    private readonly byte[] _request = MessageWriter.Write(SampleMessages.Request);
    private readonly byte[] _reply = MessageWriter.Write(SampleMessages.Reply);
    private readonly byte[] _ping = MessageWriter.Write(SampleMessages.Ping);

    [Benchmark]
    public byte[] WriteTrainRequest() => MessageWriter.Write(SampleMessages.Request);

    [Benchmark]
    public ResearcherRequest ReadTrainRequest() => ReadRequest(_request);

    [Benchmark]
    public byte[] WriteTrainReply() => MessageWriter.Write(SampleMessages.Reply);

    [Benchmark]
    public NodeMessage ReadTrainReply() =>
        MessageReader.TryReadFromNode(_reply, out NodeMessage? message, out string? rejection)
            ? message
            : throw new InvalidOperationException(rejection);

    [Benchmark]
    public byte[] WritePing() => MessageWriter.Write(SampleMessages.Ping);

    [Benchmark]
    public ResearcherRequest ReadPing() => ReadRequest(_ping);

    private static ResearcherRequest ReadRequest(byte[] payload) =>
        MessageReader.TryReadFromResearcher(payload, out ResearcherRequest? message, out string? rejection)
            ? message
            : throw new InvalidOperationException(rejection);
}
