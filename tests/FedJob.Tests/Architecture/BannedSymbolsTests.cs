namespace FedJob.Tests.Architecture;

public sealed class BannedSymbolsTests
{
    private static string List => RepositoryTree.Read("src/BannedSymbols.txt").Text;

    [Fact]
    public void List_OfSrc_BansWhatTheHouseRulesBan() => Rule.Holds(BannedSymbols.Violations(List));

    [Fact]
    public void Violations_LineTakenOut_IsFound() => Rule.Finds(
        "P:System.DateTime.UtcNow is not banned",
        BannedSymbols.Violations(string.Join('\n', List.Split('\n').Where(l => !l.StartsWith("P:System.DateTime.UtcNow;", StringComparison.Ordinal)))));

    [Fact]
    public void Violations_MistypedSymbol_IsFound() => Rule.Finds("names nothing", BannedSymbols.Violations(List + "P:System.DateTime.Noww;Use TimeProvider.\n"));

    [Fact]
    public void Violations_NoAdvice_IsFound() => Rule.Finds("does not say", BannedSymbols.Violations(List + "P:System.DateTime.UtcNow;\n"));
}
