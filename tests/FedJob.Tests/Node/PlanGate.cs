using System.Text.Json.Nodes;

namespace FedJob.Tests.Node;

/// <summary>Holds a training of <see cref="TestPlan"/> until the test lets it go on; tells when the training has come to it.</summary>
internal sealed class PlanGate : IDisposable
{
    private readonly string _name = "fedjob-test-gate-" + Guid.NewGuid().ToString("N");
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PlanGate()
    {
        AppContext.SetData(_name + ".entered", _entered);
        AppContext.SetData(_name + ".opened", _opened);
    }

    public Task Entered => _entered.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public bool HasEntered => _entered.Task.IsCompleted;

    /// <summary>Model arguments that lead the plan to this gate.</summary>
    public JsonObject Args(params (string Name, JsonNode Value)[] further)
    {
        var args = new JsonObject { ["gate"] = _name };
        foreach ((string name, JsonNode value) in further)
        {
            args[name] = value;
        }

        return args;
    }

    public void Open() => _opened.TrySetResult();

    public void Dispose()
    {
        Open();
        AppContext.SetData(_name + ".entered", null);
        AppContext.SetData(_name + ".opened", null);
    }
}
