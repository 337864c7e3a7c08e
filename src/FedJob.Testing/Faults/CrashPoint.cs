namespace FedJob.Testing.Faults;

/// <summary>A moment of a program at which <see cref="CrashPoints"/> can end it: one event that FedJob logged.</summary>
/// <param name="Number">Its number among the events that count, from 1.</param>
/// <param name="EventId">The event's id, e.g. 1112 for a request that goes out.</param>
/// <param name="Template">The event's text before its values are filled in.</param>
public sealed record CrashPoint(int Number, int EventId, string Template);
