using FedBioMed;
using FedJob.Abstractions;

namespace FedJob.Tests.Samples;

public sealed class FedBioMedTrainingArgsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Read_WholeNumbersForFloats_AreTaken()
    {
        TrainingArgs args = Read("""{"num_updates": 2, "test_ratio": 0, "fedprox_mu": 1, "dp_args": {"type": "local", "sigma": 1, "clip": 2}, "loader_args": {"batch_size": 8}}""");

        Assert.Equal((2, 0.0, 1.0, 8), (args.UpdateCount, args.TestRatio, args.FedProxMu, args.BatchSize));
        Assert.Equal((1.0, 2.0), (args.DifferentialPrivacy!.Sigma, args.DifferentialPrivacy.Clip));
    }

    [Theory]
    [InlineData("""{"epochs": 1.0}""", "epochs", "1.0")]
    [InlineData("""{"epochs": 0}""", "epochs", "0")]
    [InlineData("""{"epochs": 1, "random_seed": 1234.0}""", "random_seed", "1234.0")]
    [InlineData("""{"epochs": 1, "test_ratio": "0.5"}""", "test_ratio", "0.5")]
    [InlineData("""{"epochs": 1, "test_ratio": 2}""", "test_ratio", "2")]
    [InlineData("""{"epochs": 1, "log_interval": null}""", "log_interval", "null")]
    [InlineData("""{"epochs": 1, "loader_args": {"batch_size": 32.0}}""", "batch_size", "32.0")]
    [InlineData("""{"epochs": 1, "test_metric": "f1_score"}""", "test_metric", "F1_SCORE")]
    [InlineData("""{"epochs": 1, "dry_run": 0}""", "dry_run", "0")]
    [InlineData("""{"epochs": 1, "learning_rate": 0.1}""", "learning_rate", "0.1")]
    [InlineData("""{"epochs": 1, "test_ratio": 1}""", "test_ratio", "below 1.0")]
    [InlineData("""{"epochs": 1, "epochs": 2}""", "epochs", "no valid JSON")]
    public void Read_WrongArgument_NamesItItsValueOrTheAcceptedForm(string json, string name, string expected)
    {
        var wrong = Assert.Throws<UsageException>(() => Read(json));

        Assert.StartsWith($"--training-args {_file}", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(name, wrong.Message, StringComparison.Ordinal);
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }

    private TrainingArgs Read(string json)
    {
        File.WriteAllText(_file, json);
        return TrainingArgsFile.Read(_file);
    }
}
