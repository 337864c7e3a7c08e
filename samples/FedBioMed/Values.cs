using System.Globalization;
using System.Text.RegularExpressions;
using FedJob.Protocol.Messages;

namespace FedBioMed;

/// <summary>Values of options from their text; whatever is wrong names the option, the text and what is expected.</summary>
internal static partial class Values
{
    public static string Text(string option, string text) =>
        string.IsNullOrWhiteSpace(text) ? throw Wrong(option, text, "a name") : text;

    public static (string Host, int Port) HostAndPort(string option, string text) =>
        HostPort().IsMatch(text) && Uri.TryCreate($"mqtt://{text}", UriKind.Absolute, out Uri? address) && address.Port is > 0 and < 65536
            ? (address.DnsSafeHost, address.Port)
            : throw Wrong(option, text, "HOST:PORT, e.g. broker.example:1883");

    public static Uri Url(string option, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw Wrong(option, text, "a URL, e.g. http://repository.example:8844/");

    public static IReadOnlyList<string> List(string option, string text)
    {
        string[] items = text.Split(',', StringSplitOptions.TrimEntries);
        return Array.IndexOf(items, string.Empty) < 0
            ? [.. items.Distinct(StringComparer.Ordinal)]
            : throw Wrong(option, text, "names with commas between them");
    }

    public static IReadOnlyList<string> NodeIds(string option, string text) => List(option, text) is var nodes && nodes.All(Identifier.IsValid)
        ? nodes
        : throw Wrong(option, text, "node ids (A-Z a-z 0-9 _ . -) with commas between them");

    public static string PythonName(string option, string text) =>
        Name().IsMatch(text) ? text : throw Wrong(option, text, "the name of a Python class");

    public static int Count(string option, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw Wrong(option, text, "a whole number of at least 1");

    public static TimeSpan Seconds(string option, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
        && seconds >= 0.001 && seconds <= TimeSpan.FromDays(45).TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw Wrong(option, text, "a number of seconds above 0, at most 3888000 (45 days)");

    private static UsageException Wrong(string option, string text, string expected) => new($"{option} is '{text}'; expected {expected}");

    [GeneratedRegex(@"^[^/?#@\s]+:[0-9]{1,5}$", RegexOptions.ExplicitCapture)]
    private static partial Regex HostPort();

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{N}_]*\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
