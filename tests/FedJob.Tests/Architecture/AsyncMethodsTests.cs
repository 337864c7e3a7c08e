using Microsoft.CodeAnalysis.CSharp;

namespace FedJob.Tests.Architecture;

public sealed class AsyncMethodsTests
{
    public static TheoryData<string> Packages => [.. PackageFloors.Table.Keys];

    [Theory]
    [MemberData(nameof(Packages))]
    public void PublicAsyncMethods_EachPackage_TakeATokenLast(string package) =>
        Rule.Holds(AsyncMethods.WithoutToken(References.Open(RepositoryTree.BuiltAssembly(package))));

    [Theory]
    [InlineData("public class C { public Task RunAsync() => Task.CompletedTask; }", "C.RunAsync")]
    [InlineData("public interface I { ValueTask<int> ReadAsync(CancellationToken cancellationToken, int count); }", "I.ReadAsync")]
    [InlineData("public class C { public class N { protected IAsyncEnumerable<int> ReadAsync() => null!; } }", "N.ReadAsync")]
    public void WithoutToken_MissingOrNotLast_IsFound(string source, string expected) => Rule.Finds(expected, Violations(source));

    [Theory]
    [InlineData("public class C : IAsyncDisposable { public ValueTask DisposeAsync() => default; }")]
    [InlineData("public class C { public Task RunAsync(int rounds, CancellationToken cancellationToken = default) => Task.CompletedTask; }")]
    [InlineData("class C { public Task RunAsync() => Task.CompletedTask; }")]
    public void WithoutToken_DisposeTokenOrNotPublic_IsFine(string source) => Assert.Empty(Violations(source));

    private static IEnumerable<string> Violations(string source) =>
        AsyncMethods.WithoutToken(References.Compile("Sample", [CSharpSyntaxTree.ParseText(source)]).Assembly);
}
