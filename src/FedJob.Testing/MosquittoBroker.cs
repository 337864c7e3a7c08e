using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.Mqtt;

namespace FedJob.Testing;

/// <summary>
/// A real mosquitto on loopback, where it is installed: its own process, port, configuration and directory. It can be killed, as by kill -9, and
/// started again on the same port; it keeps nothing on disk. Only the process started here is ever ended.
/// </summary>
public sealed class MosquittoBroker : IAsyncDisposable
{
    private const int StartAttempts = 5;
    private const int HashRounds = 101;

    private readonly MosquittoBrokerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly string _program;
    private readonly DirectoryInfo _directory;
    private readonly SemaphoreSlim _turn = new(1);
    private Process? _process;
    private Task _reading = Task.CompletedTask;
    private bool _disposed;

    private MosquittoBroker(MosquittoBrokerOptions options, TimeProvider timeProvider, string program) =>
        (_options, _timeProvider, _program, _directory) = (options, timeProvider, program, Directory.CreateTempSubdirectory("fedjob-mosquitto-"));

    /// <summary>Whether mosquitto is found: in PATH, in <c>/usr/sbin</c> or in <c>/usr/local/sbin</c>.</summary>
    public static bool IsInstalled => Find() is not null;

    /// <summary>The port on 127.0.0.1; it stays the same over restarts.</summary>
    public int Port { get; private set; }

    /// <summary>Starts a broker and waits until it listens.</summary>
    /// <param name="options">How it behaves; <see langword="null"/> for the defaults.</param>
    /// <param name="timeProvider">Bounds the wait. Default: the system's.</param>
    /// <param name="cancellationToken">Ends the start; nothing is left behind.</param>
    /// <returns>The running broker.</returns>
    /// <exception cref="MessagingException">It is not installed, ended at once or did not listen in time; the message holds what it printed.</exception>
    public static async Task<MosquittoBroker> StartAsync(
        MosquittoBrokerOptions? options = null, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new MosquittoBrokerOptions();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.StartTimeout, TimeSpan.Zero, nameof(options));
        if (options.UserName?.AsSpan().IndexOfAny(":\r\n") >= 0)
        {
            throw new ArgumentException("MosquittoBrokerOptions.UserName holds ':' or a line end; allowed: a name without them.", nameof(options));
        }

        string program = Find() ?? throw new MessagingException(
            FedJobErrorCode.BrokerUnreachable,
            "Starting mosquitto: no such program in PATH, /usr/sbin or /usr/local/sbin. Install it, or ask MosquittoBroker.IsInstalled first.");
        var broker = new MosquittoBroker(options, timeProvider ?? TimeProvider.System, program);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                broker.Port = FreePort();
                try
                {
                    await broker.LaunchAsync(cancellationToken).ConfigureAwait(false);
                    return broker;
                }
                catch (MessagingException exception) when (attempt < StartAttempts && exception.Message.Contains("in use", StringComparison.Ordinal))
                {
                    // Somebody took the free port between the look and the start: another one.
                }
            }
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Options for a client of this broker: address, user name and password.</summary>
    /// <returns>New options at each call, to be changed freely.</returns>
    public BrokerOptions CreateClientOptions() => new()
    {
        Host = IPAddress.Loopback.ToString(),
        Port = Port,
        UserName = _options.UserName,
        Password = _options.UserName is null ? null : _options.Password,
    };

    /// <summary>Kills the process, without a word to its clients; everything it held is gone. Does nothing when it does not run.</summary>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    /// <returns>A task that ends when the process has ended.</returns>
    public async Task KillAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await EndProcessAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Kills the broker, if it runs, and starts it on the same port.</summary>
    /// <param name="cancellationToken">Ends the attempt; the broker is then stopped.</param>
    /// <returns>A task that ends when the broker listens again.</returns>
    /// <exception cref="MessagingException">It ended at once or did not listen in time; the message holds what it printed.</exception>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            await EndProcessAsync().ConfigureAwait(false);
            await LaunchAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Kills the broker for good and removes its directory. May be called more than once.</summary>
    /// <returns>A task that ends when nothing of it is left.</returns>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_disposed)
            {
                _disposed = true;
                await EndProcessAsync().ConfigureAwait(false);
                _directory.Delete(recursive: true);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/usr/local/sbin"])
            .Select(d => Path.Combine(d, OperatingSystem.IsWindows() ? "mosquitto.exe" : "mosquitto"))
            .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        string configuration = await WriteConfigurationAsync(cancellationToken).ConfigureAwait(false);
        var start = new ProcessStartInfo(_program) { RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = _directory.FullName };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(configuration);
        try
        {
            _process = Process.Start(start);
        }
        catch (Win32Exception exception)
        {
            throw new MessagingException(FedJobErrorCode.BrokerUnreachable, $"Starting '{_program}': {exception.Message}.", exception);
        }

        var listening = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var printed = new StringBuilder();
        _reading = ReadAsync(_process!.StandardError, printed, listening);
        try
        {
            if (await listening.Task.WaitAsync(_options.StartTimeout, _timeProvider, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (TimeoutException)
        {
            // Told below, with what it printed.
        }
        catch (OperationCanceledException)
        {
            await EndProcessAsync().ConfigureAwait(false);
            throw;
        }

        await EndProcessAsync().ConfigureAwait(false);
        throw new MessagingException(
            FedJobErrorCode.BrokerUnreachable,
            $"Starting '{_program}' on 127.0.0.1:{Port}: it did not listen within {_options.StartTimeout}. It printed: {printed.ToString().Trim()}");
    }

    // Reads to the end, so that the process never blocks on a full pipe; after the start it keeps nothing.
    private static async Task ReadAsync(StreamReader output, StringBuilder printed, TaskCompletionSource<bool> listening)
    {
        while (await output.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (!listening.Task.IsCompleted)
            {
                printed.AppendLine(line);
                if (line.Contains("mosquitto version", StringComparison.Ordinal) && line.EndsWith(" running", StringComparison.Ordinal))
                {
                    listening.TrySetResult(true);
                }
            }
        }

        listening.TrySetResult(false);
    }

    private async Task<string> WriteConfigurationAsync(CancellationToken cancellationToken)
    {
        // Started by root it would drop to a user who cannot read the directory; for other users the line means nothing.
        var lines = new List<string>
        {
            "user root", $"listener {Port} 127.0.0.1", "set_tcp_nodelay true", "persistence false", "log_dest stderr", "log_type error", "log_type warning",
            "log_type notice", "log_type information", "connection_messages false", "max_inflight_messages 1000", "max_queued_messages 100000",
            $"allow_anonymous {(_options.UserName is null ? "true" : "false")}",
        };
        if (_options.UserName is { } user)
        {
            string passwords = Path.Combine(_directory.FullName, "passwords");
            byte[] salt = RandomNumberGenerator.GetBytes(12);
            byte[] hash = Rfc2898DeriveBytes.Pbkdf2(_options.Password ?? string.Empty, salt, HashRounds, HashAlgorithmName.SHA512, 64);
            string entry = $"{user}:$7${HashRounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}\n";
            await File.WriteAllTextAsync(passwords, entry, cancellationToken).ConfigureAwait(false);
            lines.Add($"password_file {passwords}");
        }

        string path = Path.Combine(_directory.FullName, "mosquitto.conf");
        await File.WriteAllTextAsync(path, string.Join('\n', lines) + "\n", cancellationToken).ConfigureAwait(false);
        return path;
    }

    private async Task EndProcessAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        using (process)
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
            await _reading.ConfigureAwait(false);
        }
    }
}
