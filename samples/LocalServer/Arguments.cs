using System.Globalization;
using System.Net;

namespace LocalServer;

/// <summary>What the command line asks for.</summary>
internal sealed class Arguments
{
    public const string Usage = """
        An MQTT broker and a file repository in one process, for trials: no users, no encryption, nothing kept.

          LocalServer [options]   runs until Ctrl-C

          --broker-port PORT       where the broker listens (default 1883; 0 for a free port)
          --repository-port PORT   where the repository listens (default 8844; 0 for a free port)
          --host ADDRESS           the IP address of this machine to listen on (default 127.0.0.1; 0.0.0.0 for all)
        """;

    public bool Help { get; private set; }

    public int BrokerPort { get; private set; } = 1883;

    public int RepositoryPort { get; private set; } = 8844;

    public IPAddress Host { get; private set; } = IPAddress.Loopback;

    public static Arguments Parse(IReadOnlyList<string> words)
    {
        var arguments = new Arguments();
        var queue = new Queue<string>(words);
        while (queue.TryDequeue(out string? word))
        {
            switch (word)
            {
                case "--help" or "-h":
                    arguments.Help = true;
                    break;
                case "--broker-port":
                    arguments.BrokerPort = Port(word, queue);
                    break;
                case "--repository-port":
                    arguments.RepositoryPort = Port(word, queue);
                    break;
                case "--host":
                    arguments.Host = Address(word, queue);
                    break;
                default:
                    throw new UsageException($"'{word}' is no option of LocalServer");
            }
        }

        return arguments;
    }

    private static int Port(string word, Queue<string> rest)
    {
        string text = Next(word, rest);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new UsageException($"{word} is '{text}'; expected a port, 0 to {IPEndPoint.MaxPort}");
    }

    private static IPAddress Address(string word, Queue<string> rest)
    {
        string text = Next(word, rest);
        return IPAddress.TryParse(text, out IPAddress? address)
            ? address
            : throw new UsageException($"{word} is '{text}'; expected an IP address of this machine, or 0.0.0.0 for all of them");
    }

    private static string Next(string word, Queue<string> rest) =>
        rest.TryDequeue(out string? value) ? value : throw new UsageException($"{word} needs a value");
}
