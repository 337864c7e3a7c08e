namespace FedJob.Messaging;

/// <summary>What a survey found.</summary>
/// <param name="Found">The answer of each node that gave one, in ordinal order of the node ids.</param>
/// <param name="Answered">The nodes that answered the ping or the question, in ordinal order.</param>
internal sealed record SurveyResult<T>(SortedDictionary<string, T> Found, IReadOnlyList<string> Answered);
