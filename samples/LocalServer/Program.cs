using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FedJob.Abstractions;
using FedJob.Testing;
using LocalServer;

try
{
    Arguments arguments = Arguments.Parse(args);
    if (arguments.Help)
    {
        Console.WriteLine(Arguments.Usage);
        return 0;
    }

    var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

    await using LocalBroker broker = await LocalBroker.StartAsync(
        new LocalBrokerOptions { ListenAddress = arguments.Host, Port = arguments.BrokerPort }, CancellationToken.None);
    await using LocalRepository repository = await LocalRepository.StartAsync(
        new LocalRepositoryOptions { ListenAddress = arguments.Host, Port = arguments.RepositoryPort }, CancellationToken.None);

    string host = NameOf(arguments.Host);
    Console.WriteLine($"broker:     {host}:{broker.Port}");
    Console.WriteLine($"repository: http://{host}:{repository.Address.Port}/");
    Console.WriteLine("running until Ctrl-C");
    await stopped.Task;
    Console.WriteLine("stopped");
    return 0;

    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stopped.TrySetResult();
    }
}
catch (UsageException wrong)
{
    return Fail($"{wrong.Message}. See LocalServer --help.");
}
catch (FedJobException failure)
{
    return Fail($"{failure.Code}: {failure.Message}");
}
catch (SocketException failure)
{
    return Fail($"the broker cannot listen: {failure.Message}. Choose another --broker-port or --host.");
}

// What others reach this machine by: an address that means "all of them" is none.
static string NameOf(IPAddress address) => address switch
{
    _ when address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) => Dns.GetHostName(),
    { AddressFamily: AddressFamily.InterNetworkV6 } => $"[{address}]",
    _ => address.ToString(),
};

static int Fail(string message)
{
    Console.Error.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
    return 1;
}
