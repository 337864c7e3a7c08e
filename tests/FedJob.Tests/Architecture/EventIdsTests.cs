namespace FedJob.Tests.Architecture;

public sealed class EventIdsTests
{
    [Fact]
    public void EventIds_AllOfSrc_AreUniqueAndInTheirRange() => Rule.Holds(EventIds.Violations(RepositoryTree.SourcesUnder("src")));

    [Fact]
    public void Violations_IdUsedTwice_IsFound() => Rule.Finds("src/FedJob/Rounds/B.cs:1 uses event id 1100 of src/FedJob/Rounds/A.cs:1", EventIds.Violations(
    [
        new SourceFile("src/FedJob/Rounds/A.cs", "class A { [LoggerMessage(1100, LogLevel.Information, \"a\")] void Log(); }"),
        new SourceFile("src/FedJob/Rounds/B.cs", "class B { [LoggerMessage(EventId = 1100, Level = LogLevel.Information)] void Log(); }"),
    ]));

    [Theory]
    [InlineData("src/FedJob/Rounds/A.cs", "1200, LogLevel.Information, \"a\"", "outside the range")]
    [InlineData("src/FedJob.Abstractions/A.cs", "1200, LogLevel.Information, \"a\"", "outside the range")]
    [InlineData("src/FedJob/Rounds/A.cs", "Level = LogLevel.Information", "no event id")]
    public void Violations_OtherTopicsIdOrNone_IsFound(string path, string arguments, string expected) =>
        Rule.Finds(expected, EventIds.Violations([new SourceFile(path, $"class A {{ [LoggerMessage({arguments})] void Log(); }}")]));
}
