using System.Globalization;
using FedJob.Protocol.Messages;

namespace FedJob.Benchmarks.Parameters;

/// <summary>Writing and reading the message that comes most often: a node's answer to a training request.</summary>
internal static class MessageFigures
{
    private const int Calls = 100_000;

    public static void Run(TextWriter writer)
    {
        TrainReply reply = SampleMessages.Reply;
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
