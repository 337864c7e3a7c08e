using FedJob.Abstractions;

namespace FedJob.Loop;

/// <summary>Evaluates the global parameters that a round ended with, at the researcher.</summary>
/// <param name="round">The round, counted from 0.</param>
/// <param name="parameters">The new global parameters, a view of their file that is closed when the evaluation ends: copy what is needed longer.</param>
/// <param name="cancellationToken">Ends the evaluation with the run.</param>
/// <returns>The metrics by name; copied. Names must not be blank; values may be NaN or infinite.</returns>
public delegate Task<IReadOnlyDictionary<string, double>> ParametersEvaluator(int round, ModelParameters parameters, CancellationToken cancellationToken);
