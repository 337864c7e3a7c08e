using FedJob.Checkpoints;

namespace FedJob.Tests.Checkpoints;

/// <summary>The links of a breakpoint, which dangle when it is moved.</summary>
[Trait("seed", "24")]
public sealed class FedBioMedLinksTests : IDisposable
{
    private const string Current = "aggregated_params_current_01.mpk";
    private const string CurrentTarget = "aggregated_params_40cdd025-5228-454f-89e4-a8a2701e01a5.mpk";

    private readonly MadeBreakpoint _made = new();

    public void Dispose() => _made.Dispose();

    [Fact]
    public void Read_RelativeLinks_AreFollowed()
    {
        _made.LinkAll();

        FedBioMedBreakpoint read = _made.Read();

        Assert.Equal(Path.Combine(_made.Experiment, CurrentTarget), read.ParametersFile);
        Assert.Empty(read.Problems);
    }

    [Fact]
    public void Read_MovedExperiment_IsWhole()
    {
        _made.LinkAll();
        string moved = _made.ElseWhere("moved");
        Directory.Move(_made.Experiment, moved);

        FedBioMedBreakpoint read = FedBioMedBreakpoint.Read(moved);

        Assert.Equal(Path.Combine(moved, "breakpoint_0002"), read.Directory);
        Assert.Equal(Path.Combine(moved, CurrentTarget), read.ParametersFile);
        Assert.Empty(read.Problems);
    }

    [Theory]
    [InlineData("/opt/fedbiomed/var/experiments/Experiment_0000/" + CurrentTarget, "absolute")]
    [InlineData("../../elsewhere/" + CurrentTarget, "out of the experiment")]
    [InlineData("../lost/" + CurrentTarget, "out of the experiment")]
    public void Read_LinkThatLeadsAway_IsRepairedByName(string target, string why)
    {
        Directory.CreateDirectory(_made.ElseWhere("home/elsewhere"));
        File.WriteAllText(_made.ElseWhere("home/elsewhere/" + CurrentTarget), "secret");
        _made.Link(Current, target);

        FedBioMedBreakpoint read = _made.Read();

        Assert.Equal(Path.Combine(_made.Experiment, CurrentTarget), read.ParametersFile);
        string problem = Assert.Single(read.Problems);
        Assert.Contains("job.model_params_path", problem, StringComparison.Ordinal);
        Assert.Contains("repaired", problem, StringComparison.Ordinal);
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("input", "14")]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_LinkOutOfTheExperiment_IsNeverFollowed(bool real)
    {
        string secret = _made.ElseWhere("secret.py");
        File.WriteAllText(secret, "class BcTorchPlan: pass");
        const string Plan = "model_0002_01.py";
        if (real)
        {
            _made.Link(Plan, "../../../secret.py");
        }
        else
        {
            File.WriteAllText(_made.At(Plan), "../../../secret.py");
        }

        FedBioMedBreakpoint read = _made.Read();

        Assert.Null(read.TrainingPlanFile);
        Assert.Contains("training_plan_path", Assert.Single(read.Problems), StringComparison.Ordinal);
        string message = Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.ReadState(_made.Directory)).Message;
        Assert.Contains("training_plan_path", message, StringComparison.Ordinal);
        Assert.Contains(Plan, message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("input", "14")]
    public void Read_LinkedFolderOutOfTheExperiment_IsNeverFollowed()
    {
        Directory.CreateDirectory(_made.ElseWhere("away"));
        File.WriteAllText(_made.ElseWhere("away/plan.py"), "class BcTorchPlan: pass");
        Directory.CreateSymbolicLink(Path.Combine(_made.Experiment, "sub"), _made.ElseWhere("away"));
        _made.Link("model_0002_01.py", "../sub/plan.py");

        Assert.Null(_made.Read().TrainingPlanFile);
    }

    [Fact]
    [Trait("input", "14")]
    public void Read_LinksInACircle_AreToldAndRepaired()
    {
        _made.Link(Current, "other.mpk");
        _made.Link("other.mpk", Current);

        FedBioMedBreakpoint read = _made.Read();

        Assert.Equal(read.AggregatedParametersFiles[2], read.ParametersFile);
        Assert.Contains(read.Problems, p => p.Contains("in a circle", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_NumberedLinkIsLost_IsFoundByItsUniqueName()
    {
        File.Delete(_made.At("node_params_c971a492-4f1e-4a75-82d1-8cbfa1f1f7e3_01.mpk"));

        FedBioMedBreakpoint read = _made.Read();

        Assert.Equal(Path.Combine(_made.Experiment, "node_params_c971a492-4f1e-4a75-82d1-8cbfa1f1f7e3.mpk"), read.Replies[0][0].ParametersFile);
        Assert.Contains("repaired", Assert.Single(read.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileIsGone_IsToldAndTheRestIsRead()
    {
        const string Lost = "node_params_974d0706-d7d9-40a6-9a08-0b0c80ee2fa1.mpk";
        _made.LinkAll();
        File.Delete(Path.Combine(_made.Experiment, Lost));

        FedBioMedBreakpoint read = _made.Read();

        Assert.Null(read.Replies[2][0].ParametersFile);
        string problem = Assert.Single(read.Problems);
        Assert.Contains("training_replies[2][0].params_path", problem, StringComparison.Ordinal);
        Assert.Contains(Lost, problem, StringComparison.Ordinal);
        Assert.Equal(3, FedBioMedBreakpoint.ReadState(_made.Directory).Round);
    }

    [Fact]
    public void Read_ParametersAreGone_StateNamesThem()
    {
        foreach (string file in Directory.GetFiles(_made.Experiment, "aggregated_params_*"))
        {
            File.Delete(file);
        }

        Assert.Null(_made.Read().ParametersFile);
        CheckpointException refused = Assert.Throws<CheckpointException>(() => FedBioMedBreakpoint.ReadState(_made.Directory));
        Assert.Contains("job.model_params_path", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ExperimentWithAnUnfinishedBreakpoint_TakesTheNewestWhole()
    {
        Directory.CreateDirectory(Path.Combine(_made.Experiment, "breakpoint_0010"));

        FedBioMedBreakpoint read = FedBioMedBreakpoint.Read(_made.Experiment);

        Assert.Equal(3, read.Round);
        Assert.Contains("breakpoint_0010", Assert.Single(read.Problems), StringComparison.Ordinal);
    }
}
