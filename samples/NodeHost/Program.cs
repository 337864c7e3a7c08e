using FedJob.Abstractions;
using Microsoft.Extensions.Options;
using NodeHost;

try
{
    Arguments arguments = Arguments.Parse(args);
    switch (arguments.Command)
    {
        case Command.Help:
            Console.WriteLine(Arguments.Usage);
            break;
        case Command.ListDatasets:
            await OwnerCommands.ListDatasetsAsync(arguments, CancellationToken.None);
            break;
        case Command.ListPlans:
            await OwnerCommands.ListPlansAsync(arguments, CancellationToken.None);
            break;
        case Command.ApprovePlan or Command.RejectPlan:
            await OwnerCommands.DecideAsync(arguments, CancellationToken.None);
            break;
        default:
            await HostedNode.RunAsync(arguments, CancellationToken.None);
            break;
    }

    return 0;
}
catch (UsageException wrong)
{
    return Fail($"{wrong.Message}. See NodeHost --help.");
}
catch (FedJobException failure)
{
    return Fail($"{failure.Code}: {failure.Message}");
}
catch (OptionsValidationException wrong)
{
    return Fail(string.Join(" ", wrong.Failures));
}

static int Fail(string message)
{
    Console.Error.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
    return 1;
}
