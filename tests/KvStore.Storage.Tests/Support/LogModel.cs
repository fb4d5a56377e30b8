using System.Collections.Immutable;

namespace KvStore.Storage.Tests;

/// <summary>What a log must hold: the state at every revision that it was asked to reach, whether or not it said that it has.</summary>
internal sealed class LogModel(FakeTimeProvider time)
{
    private readonly string[] _names = [.. Enumerable.Range(0, 7).Select(i => $"k{i}")];

    // Revision by revision from 0 on; the log gives revisions without gaps.
    private readonly List<ImmutableSortedDictionary<string, string>> _states = [ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)];
    private readonly Dictionary<string, (long Created, long Version)> _numbers = [];

    /// <summary>Every revision at which a batch ended.</summary>
    public SortedSet<long> BatchEnds { get; } = [0];

    /// <summary>The last revision that the log was asked to reach.</summary>
    public long Last => _states.Count - 1;

    /// <summary>The last revision that must be there whatever happens.</summary>
    public long Promised { get; set; }

    /// <summary>A batch, which the model takes in.</summary>
    /// <param name="random">Chooses everything.</param>
    /// <param name="nextValue">Some of the values.</param>
    public Transaction[] Next(Random random, Func<byte[]> nextValue)
    {
        var batch = new Transaction[random.Next(1, 5)];
        for (var i = 0; i < batch.Length; i++)
        {
            random.Shuffle(_names);
            batch[i] = Some.Transaction([.. _names.Take(random.Next(1, 4)).Select(name => NextChange(random, name, nextValue))]);
            Take(batch[i]);
        }

        BatchEnds.Add(Last);
        return batch;
    }

    /// <summary>Forgets what came after a revision.</summary>
    public void ReturnTo(long revision)
    {
        _states.RemoveRange((int)revision + 1, _states.Count - (int)revision - 1);
        BatchEnds.RemoveWhere(end => end > revision);
        _numbers.Clear();
        foreach (var (key, text) in _states[^1])
        {
            var numbers = text.Split(' ')[^5..];
            _numbers[key] = (long.Parse(numbers[0], null), long.Parse(numbers[2], null));
        }
    }

    /// <summary>Compares a state with that of its revision.</summary>
    public void Check(Snapshot snapshot)
    {
        Assert.InRange(snapshot.Revision, 0, Last);
        Assert.Equal(string.Join('\n', _states[(int)snapshot.Revision].Values), string.Join('\n', snapshot.Scan(default).Select(entry => States.Describe(entry))));
    }

    private static Operation NextChange(Random random, string name, Func<byte[]> nextValue) => random.Next(5) switch
    {
        0 => Some.Delete(name),
        // Zeros, because a value may look like a sector that was lost.
        1 => Some.Put(name, new string('\0', random.Next(1500))),
        2 => Some.Put(name, $"{random.Next()}", DateTimeOffset.UnixEpoch.AddMilliseconds(random.Next())),
        3 => new Put(Some.Key(name), nextValue(), "text/plain", null),
        _ => Some.Put(name, new string('v', random.Next(80))),
    };

    private void Take(Transaction transaction)
    {
        var state = _states[^1];
        var revision = Last + 1;
        foreach (var operation in transaction.Operations)
        {
            var name = operation.Key.ToString();
            if (operation is not Put put)
            {
                state = state.Remove(name);
                _numbers.Remove(name);
                continue;
            }

            var (created, version) = _numbers.GetValueOrDefault(name, (revision, 0));
            _numbers[name] = (created, version + 1);
            var expires = put.ExpiresAt?.ToUnixTimeMilliseconds() ?? long.MaxValue;
            state = state.SetItem(name, $"{name}={System.Text.Encoding.UTF8.GetString(put.Value.Span)} {put.ContentType} {created} {revision} {version + 1} {time.GetUtcNow().ToUnixTimeMilliseconds()} {expires}");
        }

        if (!ReferenceEquals(state, _states[^1]))
            _states.Add(state);
    }
}
