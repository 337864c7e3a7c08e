using System.Text;
using System.Text.Json;
using FedJob.Checkpoints;
using FedJob.Loop;

namespace FedJob.Tests.Loop;

/// <summary>What the loop remembers, as checkpoints hold it.</summary>
public sealed class LoopLinesTests
{
    private const string Written = """
        {"pending":7,"stopping":{"metric":"F1_SCORE","higher_is_better":true,"source":"ValidationOnLocalUpdates","best":0.5,"best_round":2,"last_round":7,"last":"NaN","without_improvement":5}}
        """;

    [Fact]
    public void WriteAndRead_AnyState_IsTheSame()
    {
        var state = new LoopState
        {
            Pending = 7,
            Stopping = new MetricTracker(new WatchedMetric("F1_SCORE") { HigherIsBetter = true, Source = MetricSource.ValidationOnLocalUpdates })
            {
                Best = 0.5,
                BestRound = 2,
                LastRound = 7,
                Last = double.NaN,
                WithoutImprovement = 5,
            },
        };

        Assert.Equal(Written.Trim(), Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(LoopLines.Write(state)!, CheckpointJson.Default.LoopDocument)));
        Assert.Equal(state, Read(Written));
        LoopState best = state with { Best = state.Stopping, BestParametersPath = "best" };
        Assert.Equal(best, LoopLines.Read(LoopLines.Write(best), "best"));
    }

    [Fact]
    public void WriteAndRead_NothingYet_IsNothing()
    {
        Assert.Null(LoopLines.Write(LoopState.Empty));
        Assert.Equal(LoopState.Empty, LoopLines.Read(null, "best"));
        LoopState unseen = LoopState.Empty with { Best = new MetricTracker(LoopBench.Loss) { LastRound = 0, WithoutImprovement = 1 } };
        Assert.Equal(unseen, LoopLines.Read(LoopLines.Write(unseen), "best"));
    }

    [Theory]
    [Trait("input", "14")]
    [InlineData("\"pending\":7", "\"pending\":-1")]
    [InlineData("F1_SCORE", " ")]
    [InlineData("\"ValidationOnLocalUpdates\"", "\"validationOnLocalUpdates\"")]
    [InlineData("\"ValidationOnLocalUpdates\"", "\"1\"")]
    [InlineData("\"ValidationOnLocalUpdates\"", "\"\"")]
    [InlineData("\"best\":0.5", "\"best\":\"Infinity\"")]
    [InlineData("\"best\":0.5,", "")]
    [InlineData("\"best_round\":2", "\"best_round\":-2")]
    [InlineData("\"last_round\":7", "\"last_round\":-7")]
    [InlineData("\"without_improvement\":5", "\"without_improvement\":-5")]
    public void Read_WhatFedJobDoesNotWrite_IsRefused(string from, string to) =>
        Assert.Throws<FormatException>(() => Read(Written.Replace(from, to, StringComparison.Ordinal)));

    [Theory]
    [Trait("input", "14")]
    [InlineData("\"pending\":7", "\"pending\":7,\"pending\":7")]
    [InlineData("\"pending\":7", "\"waiting\":7")]
    [InlineData("\"metric\":\"F1_SCORE\",", "")]
    [InlineData("\"F1_SCORE\"", "null")]
    public void Read_OtherFields_AreRefused(string from, string to) =>
        Assert.Throws<JsonException>(() => Read(Written.Replace(from, to, StringComparison.Ordinal)));

    private static LoopState Read(string json) => LoopLines.Read(JsonSerializer.Deserialize(json, CheckpointJson.Default.LoopDocument), "best");
}
