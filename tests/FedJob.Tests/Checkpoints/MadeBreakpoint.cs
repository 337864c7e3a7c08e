using System.Text.Json.Nodes;
using FedJob.Checkpoints;
using FedJob.Tests.Captures;
using FedJob.Tests.Node;

namespace FedJob.Tests.Checkpoints;

/// <summary>The experiment of a captured breakpoint, copied to where a test may change it.</summary>
internal sealed class MadeBreakpoint : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public MadeBreakpoint(string experiment = "torch_fedavg", string breakpoint = "breakpoint_0002")
    {
        Experiment = _folder.At("home/Experiment_0000");
        Copy(Path.Combine(CaptureFolder.Own, "breakpoints", experiment), Experiment);
        Directory = Path.Combine(Experiment, breakpoint);
        JsonFile = Path.Combine(Directory, breakpoint + ".json");
        Json = JsonNode.Parse(File.ReadAllText(JsonFile))!.AsObject();
    }

    public string Experiment { get; }

    public string Directory { get; }

    public string JsonFile { get; }

    /// <summary>To be changed, and written by <see cref="Read"/>.</summary>
    public JsonObject Json { get; }

    public string ElseWhere(string name) => _folder.At(name);

    public string At(string name) => Path.Combine(Directory, name);

    /// <summary>Puts a real symbolic link in the place of a file.</summary>
    public void Link(string name, string target)
    {
        File.Delete(At(name));
        File.CreateSymbolicLink(At(name), target);
    }

    /// <summary>Makes real links of the small texts that stand for them in the captures.</summary>
    public void LinkAll()
    {
        foreach (string file in System.IO.Directory.GetFiles(Directory).Where(f => new FileInfo(f).Length < 200))
        {
            Link(Path.GetFileName(file), File.ReadAllText(file));
        }
    }

    public FedBioMedBreakpoint Read()
    {
        File.WriteAllText(JsonFile, Json.ToJsonString());
        return FedBioMedBreakpoint.Read(Directory);
    }

    public CheckpointException Refused() => Assert.Throws<CheckpointException>(Read);

    public void Dispose() => _folder.Dispose();

    private static void Copy(string from, string to)
    {
        System.IO.Directory.CreateDirectory(to);
        foreach (string file in System.IO.Directory.GetFiles(from))
        {
            File.WriteAllBytes(Path.Combine(to, Path.GetFileName(file)), File.ReadAllBytes(file));
        }

        foreach (string folder in System.IO.Directory.GetDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}
