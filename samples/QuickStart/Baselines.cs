using FedJob;
using FedJob.Abstractions;

namespace QuickStart;

/// <summary>The same plan without a federation: one island alone, or all data pooled in one place.</summary>
internal static class Baselines
{
    public static async Task<Curve> TrainAsync(
        Options options, string name, TabularDataset data, TabularDataset test, CancellationToken cancellationToken)
    {
        await using LocalJob job = await LocalJob.CreateAsync(
            new LocalJobOptions
            {
                TrainingPlan = options.Plan(),
                Dataset = data,
                TrainingArgs = Settings.TrainingArgs,
                Seed = Settings.Seed,
            },
            cancellationToken: cancellationToken);
        List<Score> scores = [await EvaluateAsync(job, null, test, cancellationToken)];
        for (int round = 0; round < options.Rounds; round++)
        {
            await job.TrainAsync(cancellationToken);
            scores.Add(await EvaluateAsync(job, null, test, cancellationToken));
        }

        return new Curve(name, string.Join(", ", SpeciesOf(data)), data.SampleCount, scores);
    }

    public static async Task<Score> EvaluateAsync(
        LocalJob job, ModelParameters? parameters, TabularDataset test, CancellationToken cancellationToken)
    {
        EvaluationResult result = await job.EvaluateAsync(parameters, test, cancellationToken: cancellationToken);
        return new Score(result.Metrics["ACCURACY"], result.Metrics["Loss"]);
    }

    private static IEnumerable<string> SpeciesOf(TabularDataset data) =>
        Enumerable.Range(0, data.SampleCount).Select(data["species"].GetText).Distinct().Order(StringComparer.Ordinal);
}
