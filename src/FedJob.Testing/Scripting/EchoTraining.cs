using FedJob.Abstractions;

namespace FedJob.Testing.Scripting;

/// <summary>The default training: changes nothing, and reports a loss at the batches where a real node reports it.</summary>
internal static class EchoTraining
{
    public static async Task<EmulatedUpdate> RunAsync(EmulatedTask task, CancellationToken cancellationToken)
    {
        long batchSize = Math.Max(1, task.TrainingArgs["loader_args"]?["batch_size"]?.GetValue<long>() ?? 1);
        int interval = Math.Max(1, task.TrainingArgs["log_interval"]?.GetValue<int>() ?? 10);
        bool byEpoch = task.TrainingArgs["num_updates"] is null;
        int perEpoch = (int)((task.SampleCount + batchSize - 1) / batchSize);
        int epochs = byEpoch ? (int)task.TrainingArgs["epochs"]!.GetValue<double>() : 1;
        int batches = byEpoch ? perEpoch : (int)task.TrainingArgs["num_updates"]!.GetValue<double>();
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            for (int i = 1; i <= batches; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (i == 1 || i == batches || i % interval == 0)
                {
                    double loss = 1.0 / (1 + task.Round + epoch + i);
                    long trained = byEpoch ? Math.Min(i * batchSize, task.SampleCount) : i * batchSize;
                    await task.ReportMetricAsync("Loss", loss, byEpoch ? epoch : null, i, batches, trained).ConfigureAwait(false);
                }
            }
        }

        return new EmulatedUpdate { Parameters = new ModelParameters(task.Parameters), SampleCount = task.SampleCount };
    }
}
