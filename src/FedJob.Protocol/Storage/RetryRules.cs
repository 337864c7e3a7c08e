using FedJob.Abstractions;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace FedJob.Protocol.Storage;

/// <summary>
/// Tries a transfer again while its failure may pass: exponential pauses with jitter, or the pause the repository asks for, up to the
/// allowed number of attempts.
/// </summary>
internal sealed partial class RetryRules
{
    private static readonly ResiliencePropertyKey<Uri> LocationKey = new("FedJob.Location");

    private readonly ResiliencePipeline _pipeline;
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly Random _random;
    private readonly Lock _randomLock = new();

    public RetryRules(RepositorySettings settings, ILogger logger, TimeProvider timeProvider, Random random)
    {
        _logger = logger;
        _timeProvider = timeProvider;
        _random = random;
        var builder = new ResiliencePipelineBuilder { TimeProvider = timeProvider };
        if (settings.MaximumAttempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = settings.MaximumAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = settings.RetryDelay,
                MaxDelay = settings.MaximumRetryDelay,
                Randomizer = NextRandom,
                ShouldHandle = static arguments =>
                    ValueTask.FromResult(arguments.Outcome.Exception is TransferFailure { IsTransient: true }),
                DelayGenerator = static arguments => ValueTask.FromResult((arguments.Outcome.Exception as TransferFailure)?.RetryAfter),
                OnRetry = OnRetryAsync,
            });
        }

        _pipeline = builder.Build();
    }

    /// <summary>Runs attempts until one succeeds or none is left.</summary>
    /// <param name="doing">What is tried, for messages.</param>
    /// <param name="location">The address, for messages.</param>
    /// <param name="attempt">One attempt; throws <see cref="TransferFailure"/>.</param>
    /// <param name="cancellationToken">Ends attempts and pauses.</param>
    /// <exception cref="RepositoryException">The last attempt failed.</exception>
    public async Task<T> RunAsync<T>(
        string doing, Uri location, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        long started = _timeProvider.GetTimestamp();
        int attempts = 0;
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(LocationKey, location);
        try
        {
            return await _pipeline.ExecuteAsync(
                async current =>
                {
                    attempts++;
                    return await attempt(current.CancellationToken).ConfigureAwait(false);
                },
                context).ConfigureAwait(false);
        }
        catch (TransferFailure failure)
        {
            throw failure.ToException(doing, location, attempts, _timeProvider.GetElapsedTime(started));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private double NextRandom()
    {
        lock (_randomLock)
        {
            return _random.NextDouble();
        }
    }

    private ValueTask OnRetryAsync(OnRetryArguments<object> arguments)
    {
        if (arguments.Outcome.Exception is TransferFailure failure
            && arguments.Context.Properties.TryGetValue(LocationKey, out Uri? location))
        {
            LogRetry(SafeUri.Of(location), failure.Code, failure.Message, arguments.RetryDelay, arguments.AttemptNumber + 1);
        }

        return ValueTask.CompletedTask;
    }

    [LoggerMessage(1300, LogLevel.Warning, "{Location}: attempt {Attempt} failed ({Code}: {Problem}); trying again in {Pause}")]
    private partial void LogRetry(Uri location, FedJobErrorCode code, string problem, TimeSpan pause, int attempt);
}
