using System.Globalization;

namespace FedJob.Benchmarks.Parameters;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Usage = """
        Parameters: what parameter files, aggregation and messages cost, beside limits measured in the same run.
          --size BYTES            the parameter file that is written, opened, checked and read (default 1000000000)
          --nodes N               the updates that are aggregated (default 10)
          --update BYTES          the size of each update (default 100000000)
          --repeat R              how often each figure is taken; the median is printed (default 5)
          --directory DIR         where files go (default: the temporary directory)
        """;

    public long Size { get; private set; } = 1_000_000_000;

    public int Nodes { get; private set; } = 10;

    public long Update { get; private set; } = 100_000_000;

    public int Repeat { get; private set; } = 5;

    public string Directory { get; private set; } = Path.GetTempPath();

    public bool Help { get; private set; }

    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options();
        for (int i = 0; i < args.Count; i++)
        {
            string Next() => i + 1 < args.Count ? args[++i] : throw new ArgumentException($"{args[i]} needs a value");
            switch (args[i])
            {
                case "--size": options.Size = Number(args[i], Next(), 4, 4_000_000_000); break;
                case "--nodes": options.Nodes = (int)Number(args[i], Next(), 1, 10_000); break;
                case "--update": options.Update = Number(args[i], Next(), 4, 4_000_000_000); break;
                case "--repeat": options.Repeat = (int)Number(args[i], Next(), 1, 1000); break;
                case "--directory": options.Directory = Next(); break;
                case "--help" or "-h": options.Help = true; break;
                default: throw new ArgumentException($"unknown option {args[i]}");
            }
        }

        return options;
    }

    private static long Number(string option, string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most
            ? value
            : throw new ArgumentException($"{option} is '{text}'; allowed: {least} to {most}");
}
