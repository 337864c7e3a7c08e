using System.Globalization;
using FedJob.Protocol.Messages;

namespace FedJob.Benchmarks.Parameters;

/// <summary>Writing and reading the message that comes most often: a node's answer to a training request.</summary>
internal static class MessageFigures
{
    private const int Calls = 100_000;

    public static void Run(TextWriter writer)
    {
        var reply = new TrainReply
        {
            ResearcherId = "researcher_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a",
            JobId = "job_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a",
            NodeId = "node_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a",
            StateId = "node_state_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a",
            Success = true,
            DatasetId = "dataset_7f0e2f5c-3f1d-4a55-9c59-0f6d1c1f6f3a",
            ParametersUrl = "http://127.0.0.1:8844/media/uploads/2026/node_params_7f0e2f5c.mpk",
            SampleCount = 100,
            Timing = TrainTiming.FromSeconds(1.5, 1.25),
            Text = "",
        };
        byte[] payload = MessageWriter.Write(reply);
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            double write = Clock.Time(() => Repeat(() => MessageWriter.Write(reply).Length > 0));
            long written = GC.GetAllocatedBytesForCurrentThread() - before;
            double read = Clock.Time(() => Repeat(() => MessageReader.TryReadFromNode(payload, out _, out _)));
            long readBytes = GC.GetAllocatedBytesForCurrentThread() - before - written;
            if (round == 2)
            {
                writer.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"message of {payload.Length} bytes: write {write / Calls * 1e6:0.00} us, {written / Calls} bytes; read {read / Calls * 1e6:0.00} us, {readBytes / Calls} bytes allocated"));
            }
        }
    }

    private static void Repeat(Func<bool> call)
    {
        for (int i = 0; i < Calls; i++)
        {
            if (!call())
            {
                throw new InvalidOperationException("The message cannot be read back.");
            }
        }
    }
}
