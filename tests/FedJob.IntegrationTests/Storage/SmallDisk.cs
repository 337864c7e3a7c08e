using System.Diagnostics;

namespace FedJob.IntegrationTests.Storage;

/// <summary>A disk of one mebibyte, where the machine lets a test have one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly ScratchDirectory _scratch;

    private SmallDisk(ScratchDirectory scratch) => _scratch = scratch;

    public string Root => _scratch.Root;

    public static async Task<SmallDisk?> TryMountAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var scratch = new ScratchDirectory();
        using Process? mount = Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", scratch.Root);
        if (mount is not null)
        {
            await mount.WaitForExitAsync(cancellationToken);
            if (mount.ExitCode == 0)
            {
                return new SmallDisk(scratch);
            }
        }

        scratch.Dispose();
        return null;
    }

    public void Dispose()
    {
        using Process? unmount = Run("umount", Root);
        unmount?.WaitForExit();
        _scratch.Dispose();
    }

    private static Process? Run(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // no such program here
        }
    }
}
