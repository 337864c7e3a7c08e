namespace FedJob.Testing.Scripting;

/// <summary>A training that failed with a train reply of success false and this text.</summary>
internal sealed class TrainFailure(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A task that crashed: FB300 without a researcher, and no train reply.</summary>
internal sealed class TaskCrash(string message) : Exception(message);
