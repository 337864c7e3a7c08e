using System.Globalization;

namespace Strategies;

/// <summary>What the command line says.</summary>
internal sealed record Options(int Rounds, string Picture)
{
    public const string Usage = """
        Strategies: aggregation rules compared on skewed data, with and without a hostile node.

          --rounds N       rounds each rule gets, 1 to 1000 (default 5)
          --picture FILE   where the PNG with the curves goes (default strategies.png)
        """;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">It holds something else than the usage says.</exception>
    public static Options Parse(string[] args)
    {
        var options = new Options(5, "strategies.png");
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value.");
            options = args[i] switch
            {
                "--rounds" => options with { Rounds = ReadRounds(value) },
                "--picture" => options with { Picture = InExistingDirectory(value) },
                _ => throw new ArgumentException($"There is no option '{args[i]}'; --help lists them."),
            };
        }

        return options;
    }

    private static int ReadRounds(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds is >= 1 and <= 1000
            ? rounds
            : throw new ArgumentException($"--rounds is '{value}'; allowed: a whole number from 1 to 1000.");

    /// <summary>Checked before the training, so that no run is lost for a mistyped path.</summary>
    private static string InExistingDirectory(string value) => Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(value)))
        ? value
        : throw new ArgumentException($"--picture is '{value}', but that directory does not exist.");
}
