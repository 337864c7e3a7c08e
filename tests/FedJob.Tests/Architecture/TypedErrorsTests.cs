using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Tests.Architecture;

[Trait("seed", "22")]
public sealed class TypedErrorsTests
{
    private static readonly string[] Own =
    [
        .. RepositoryTree.SourcesUnder("src").Select(f => f.Name).Where(n => n.EndsWith("Exception", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Source_All_NeverEndsTheProcess() => Rule.Holds(RepositoryTree.SourcesUnder("src").SelectMany(TypedErrors.EndsTheProcess));

    [Fact]
    public void PublicExceptions_All_DeriveFromFedJobException() =>
        Rule.Holds(RepositoryTree.SourcesUnder("src").SelectMany(TypedErrors.OutsideTheHierarchy));

    [Fact]
    public void PublicExceptions_All_CarryACode() =>
        Assert.All(
            new[] { typeof(Job), typeof(FedJobException), typeof(MessageWriter), typeof(FedJob.Node.FederatedNode) }
                .SelectMany(t => t.Assembly.GetExportedTypes()).Where(typeof(Exception).IsAssignableFrom),
            type => Assert.True(typeof(FedJobException).IsAssignableFrom(type), type.FullName));

    [Fact]
    public void Source_All_ThrowsTypedErrors() =>
        Rule.Holds(RepositoryTree.SourcesUnder("src").SelectMany(f => TypedErrors.Untyped(f, Own, CaughtWithin)));

    [Theory]
    [InlineData("class C { void M() => Environment.Exit(1); }")]
    [InlineData("class C { void M() => System.Environment.FailFast(\"x\"); }")]
    public void EndsTheProcess_Exit_IsFound(string source) =>
        Rule.Finds("Environment", TypedErrors.EndsTheProcess(Sample(source)));

    [Fact]
    public void Untyped_PlainException_IsFound() =>
        Rule.Finds("makes Exception", TypedErrors.Untyped(Sample("class C { void M() => throw new Exception(); }"), [], []));

    [Fact]
    public void OutsideTheHierarchy_OwnRoot_IsFound() => Rule.Finds(
        "OddException", TypedErrors.OutsideTheHierarchy(Sample("public class OddException : Exception { }")));

    private static SourceFile Sample(string text) => new("src/C.cs", text);

    /// <summary>Signals of a parser or a transport that never leave their package: its caller throws a typed error instead.</summary>
    private static IReadOnlyList<string> CaughtWithin { get; } =
    [
        "CheckpointDraft:IOException", // CheckpointDraft itself
        "HistoryLines:FormatException", // the reader of checkpoints
        "LoopLines:FormatException", // the reader of checkpoints
        "JournalEntries:FormatException", // the reader of journals
        "JournalReader:FormatException", // the reader of journals
        "JournalState:FormatException", // the reader of journals
        "PlanApprovals:JsonException", // PlanApprovals itself
        "CsvParser:FormatException", // CsvTable
        "CsvTable:FormatException", // CsvTable itself
        "BoundedChannel:MqttProtocolViolationException", // MqttNetConnection, by the library
        "DependencyList:JsonException", // DependencyList itself
        "Downloads:DownloadException", // the emulated node, which answers with it
        "PythonJson:FormatException", // the emulated node, which goes deaf by it
    ];
}
