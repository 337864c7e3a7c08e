using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FedJob.Abstractions;
using FedJob.Messaging;
using FedJob.Protocol.Messages;
using FedJob.Rounds;

namespace FedJob.Tests.Architecture;

/// <summary>The guide for people who come from Python names all they may look for.</summary>
public sealed class DocumentedSurfaceTests
{
    private static readonly string Guide = RepositoryTree.Read("docs/from-fedbiomed.md").Text;

    [Fact]
    public void Guide_Job_NamesEveryPublicMember() => Rule.Holds(Unnamed(
        typeof(Job).GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(m => m is PropertyInfo or MethodInfo { IsSpecialName: false }).Select(m => m.Name),
        Guide));

    [Fact]
    public void Guide_TrainingArgs_NamesEveryPropertyAndEveryNameOnTheWire() => Rule.Holds(Unnamed(
        typeof(TrainingArgs).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name).Concat(
            JsonNode.Parse(TrainingArgsJson.Write(new TrainingArgs()))!.AsObject().Select(a => a.Key)),
        Guide));

    [Fact]
    public void Guide_Errors_NamesEveryCodeAndVerdict() => Rule.Holds(Unnamed(
        Enum.GetNames<FedJobErrorCode>().Concat(Enum.GetNames<VerdictKind>().Select(k => $"VerdictKind.{k}")), Guide));

    [Fact]
    public void Guide_Requests_NamesEveryQuestion() => Rule.Holds(Unnamed(
        typeof(IRequests).GetMethods().Where(m => m.Name.EndsWith("Async", StringComparison.Ordinal)).Select(m => m.Name), Guide));

    [Fact]
    public void Unnamed_PartOfALongerName_IsFound() => Rule.Finds("Round", Unnamed(["Round"], "`RoundFailed` and Round"));

    private static IEnumerable<string> Unnamed(IEnumerable<string> names, string guide) => names.Distinct()
        .Where(n => !Regex.IsMatch(guide, $@"`[^`\n]*\b{Regex.Escape(n)}\b[^`\n]*`"))
        .Select(n => $"docs/from-fedbiomed.md does not name `{n}`");
}
