using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FedJob.Tests.Architecture;

/// <summary>An event id means one message for ever: unique over all packages, and in its topic's range.</summary>
internal static class EventIds
{
    /// <summary>The topic (a path in src) that owns each range; the first that fits counts.</summary>
    private static readonly (string Topic, int From, int To)[] Ranges =
    [
        ("src/FedJob.Protocol/Mqtt/", 1200, 1249),
        ("src/FedJob.Protocol/Storage/", 1300, 1349),
        ("src/FedJob.Protocol/TrainingPlans/", 1350, 1399),
        ("src/FedJob.Node/", 1400, 1499),
        ("src/FedJob.Testing/", 1500, 1599),
        ("src/FedJob/Rounds/", 1100, 1199),
        ("src/FedJob/Messaging/", 1250, 1299),
        ("src/FedJob/", 1000, 1099),
    ];

    public static IEnumerable<string> Violations(IEnumerable<SourceFile> sources)
    {
        var seen = new Dictionary<int, string>();
        foreach ((SourceFile file, AttributeSyntax attribute) in sources.SelectMany(AttributesOf))
        {
            string place = file.At(attribute);
            if (IdOf(attribute) is not { } id)
            {
                yield return $"{place} has no event id";
            }
            else if (!seen.TryAdd(id, place))
            {
                yield return $"{place} uses event id {id} of {seen[id]}";
            }
            else if (!InRange(file, id))
            {
                yield return $"{place} uses event id {id} outside the range of its topic";
            }
        }
    }

    private static bool InRange(SourceFile file, int id) =>
        Ranges.FirstOrDefault(r => file.Path.StartsWith(r.Topic, StringComparison.Ordinal)) is { Topic: not null } range && id >= range.From && id <= range.To;

    private static IEnumerable<(SourceFile, AttributeSyntax)> AttributesOf(SourceFile file) =>
        file.Syntax.DescendantNodes().OfType<AttributeSyntax>()
            .Where(a => a.Name.ToString() is "LoggerMessage" or "LoggerMessageAttribute")
            .Select(a => (file, a));

    private static int? IdOf(AttributeSyntax attribute)
    {
        IEnumerable<AttributeArgumentSyntax> arguments = attribute.ArgumentList?.Arguments.AsEnumerable() ?? [];
        AttributeArgumentSyntax? argument = arguments.FirstOrDefault(a =>
            (a.NameEquals?.Name ?? a.NameColon?.Name)?.Identifier.ValueText is null or "EventId" or "eventId");
        return argument is not null && int.TryParse(argument.Expression.ToString(), CultureInfo.InvariantCulture, out int id) ? id : null;
    }
}
