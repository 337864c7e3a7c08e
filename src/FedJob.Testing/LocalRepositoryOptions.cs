using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FedJob.Testing;

/// <summary>How a <see cref="LocalRepository"/> behaves.</summary>
public sealed class LocalRepositoryOptions
{
    /// <summary>
    /// The address of this machine it listens on. Default: 127.0.0.1, which only this machine reaches. Anything else opens it to others: it
    /// knows no
    /// users and no encryption.
    /// </summary>
    public IPAddress ListenAddress { get; set; } = IPAddress.Loopback;

    /// <summary>The TCP port; 0 to 65535, 0 for a free one. Default: 0.</summary>
    public int Port { get; set; }

    /// <summary>
    /// Whether the connection is closed after each response, as the original does. Default: <see langword="true"/>; a new connection over
    /// loopback costs about 0.2 ms.
    /// </summary>
    public bool CloseAfterResponse { get; set; } = true;

    /// <summary>
    /// Whether parts of files are served (<c>Range</c>, <c>If-Range</c>, a strong <c>ETag</c>), as by a web server in front of the
    /// repository. Default:
    /// <see langword="false"/>, as the original: it ignores <c>Range</c>.
    /// </summary>
    public bool ServesRanges { get; set; }

    /// <summary>What the random parts of the names of duplicates are drawn from, so that they repeat. Default: 0.</summary>
    public int Seed { get; set; }

    /// <summary>The clock of the dates in paths and answers. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the server logs. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;
}
