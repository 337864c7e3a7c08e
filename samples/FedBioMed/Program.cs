using System.Globalization;
using System.Runtime.InteropServices;
using FedBioMed;
using Spectre.Console;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length == 0 || args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Help.Text);
    return (int)(args.Length == 0 ? ExitCode.WrongInput : ExitCode.Done);
}

using var interrupt = new CancellationTokenSource();
using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return (int)await RunAsync();

Task<ExitCode> RunAsync()
{
    if (args.Contains("--json"))
    {
        return Session.RunAsync(() => Arguments.Parse(args), new JsonView(Console.Out, Console.Error), Console.Error, interrupt.Token);
    }

    Arguments arguments;
    try
    {
        arguments = Arguments.Parse(args);
    }
    catch (UsageException wrong)
    {
        return Session.RunAsync(() => throw wrong, new PlainView(Console.Out, Console.Error, 0), Console.Error, interrupt.Token);
    }

    return Console.IsOutputRedirected
        ? Session.RunAsync(() => arguments, new PlainView(Console.Out, Console.Error, arguments.Rounds), Console.Error, interrupt.Token)
        : RunLiveAsync(arguments);
}

// What must stay on the screen is written when the live table is over.
async Task<ExitCode> RunLiveAsync(Arguments arguments)
{
    using var error = new StringWriter();
    ExitCode code = await AnsiConsole.Live(new Text("connecting")).StartAsync(async display =>
    {
        using var view = new LiveView(AnsiConsole.Console, display, arguments.Rounds, TimeProvider.System);
        return await Session.RunAsync(() => arguments, view, error, interrupt.Token);
    });
    await Console.Error.WriteAsync(error.ToString());
    return code;
}

// The first signal ends the run cleanly; a second one ends the process at once.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !interrupt.IsCancellationRequested;
    interrupt.Cancel();
}
