using System.Collections;
using System.Collections.Immutable;

namespace FedJob.Rounds;

/// <summary>The rounds of a job that ended well, in order; may be read while it grows.</summary>
internal sealed class RoundHistory : IEnumerable<RoundResult>
{
    private ImmutableList<RoundResult> _rounds = [];

    public void Enqueue(RoundResult round) => ImmutableInterlocked.Update(ref _rounds, (rounds, added) => rounds.Add(added), round);

    /// <summary>Puts what is known now of a round in the place of what was; nothing happens where that is not there any more.</summary>
    public void Replace(RoundResult earlier, RoundResult now) => ImmutableInterlocked.Update(
        ref _rounds,
        (rounds, change) => rounds.FindIndex(r => ReferenceEquals(r, change.earlier)) is >= 0 and int index ? rounds.SetItem(index, change.now) : rounds,
        (earlier, now));

    public IEnumerator<RoundResult> GetEnumerator() => Volatile.Read(ref _rounds).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
