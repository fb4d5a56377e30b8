using System.Collections.Immutable;

namespace KvStore.Storage.Tests;

/// <summary>What a log must hold: the state at every revision that it was asked to reach, whether or not it said that it has.</summary>
internal sealed class LogModel(FakeTimeProvider time)
{
    private static readonly string[] Prefixes = ["k", "k1", "k1/", "k1/a", "k2"];

    // Has a mergeable value or none. It is deleted by prefix, too.
    private const string Merged = "k2/m";

    // Some are prefixes of others.
    private readonly string[] _names = ["k0", "k1", "k1/", "k1/a", "k1/a/b", "k2", "k2/b"];

    // Revision by revision from 0 on.
    private readonly List<(long Revision, ImmutableSortedDictionary<string, string> Entries)> _states = [(0, ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal))];
    private readonly Dictionary<string, (long Created, long Version)> _numbers = [];

    // Of each change of an expiry.
    private readonly Dictionary<Operation, long> _expiries = [];

    /// <summary>Every revision at which a batch ended.</summary>
    public SortedSet<long> BatchEnds { get; } = [0];

    /// <summary>The jumps of starts: the revisions strictly between were never given to a commit that is left.</summary>
    public List<(long Above, long Below)> Gaps { get; } = [];

    /// <summary>The last revision that the log was asked to reach.</summary>
    public long Last => _states[^1].Revision;

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
            batch[i] = random.Next(6) == 0
                ? Some.Transaction(new DeletePrefix(Some.Bytes(Prefixes[random.Next(Prefixes.Length)]), int.MaxValue) { ChangesMax = random.Next(3) })
                : Some.Transaction([.. NextMerge(random, nextValue), .. _names.Take(random.Next(1, 4)).Select(name => NextChange(random, name, nextValue))]);
            Take(batch[i]);
        }

        BatchEnds.Add(Last);
        return batch;
    }

    /// <summary>Takes in transactions, each of which may be a batch of its own, and returns the last revision.</summary>
    public long TakeAll(IEnumerable<Transaction> transactions)
    {
        foreach (var transaction in transactions)
        {
            Take(transaction);
            BatchEnds.Add(Last);
        }

        return Last;
    }

    /// <summary>The revisions from one on.</summary>
    public IEnumerable<long> RevisionsFrom(long revision) => _states.Select(state => state.Revision).Where(one => one >= revision);

    /// <summary>The revision that a start has recovered, if it may continue at this one.</summary>
    public long Recovered(long revision)
    {
        // A start that was killed may have jumped, too.
        var recovered = revision;
        while (recovered > Last)
            recovered -= LogRecovery.CrashJump;
        Assert.InRange(recovered, Promised, Last);
        Assert.Contains(recovered, BatchEnds);

        // No revision is given twice, not even one of a commit that was lost.
        Assert.True(revision >= Last, $"The log continues at {revision} and was asked to reach {Last} before.");
        return recovered;
    }

    /// <summary>Takes in what a start has recovered, and the revision at which it continues.</summary>
    public void Continue(long revision)
    {
        var recovered = Recovered(revision);
        ReturnTo(recovered);
        if (revision > recovered)
        {
            _states.Add((revision, _states[^1].Entries));
            BatchEnds.Add(revision);
            Gaps.Add((recovered, revision));
        }

        Promised = revision;
    }

    /// <summary>Forgets what came after a revision.</summary>
    public void ReturnTo(long revision)
    {
        _states.RemoveAll(state => state.Revision > revision);
        BatchEnds.RemoveWhere(end => end > revision);
        _numbers.Clear();
        foreach (var (key, text) in _states[^1].Entries)
        {
            var numbers = text.Split(' ')[^5..];
            _numbers[key] = (long.Parse(numbers[0], null), long.Parse(numbers[2], null));
        }
    }

    /// <summary>Compares a state with that of its revision.</summary>
    public void Check(Snapshot snapshot) => Check(snapshot, snapshot.Revision);

    /// <summary>Compares a state with that of a revision.</summary>
    public void Check(Snapshot snapshot, long revision)
    {
        var expected = Assert.Single(_states, state => state.Revision == revision).Entries;
        Assert.Equal(string.Join('\n', expected.Values), string.Join('\n', snapshot.Scan(default).Select(entry => States.Describe(entry))));
    }

    private Operation NextChange(Random random, string name, Func<byte[]> nextValue) => random.Next(6) switch
    {
        0 => Some.Delete(name),
        // Zeros, because a value may look like a sector that was lost.
        1 => Some.Put(name, new string('\0', random.Next(1500))),
        2 => Some.Put(name, $"{random.Next()}", DateTimeOffset.UnixEpoch.AddMilliseconds(random.Next())),
        3 => new Put(Some.Key(name), nextValue(), "text/plain", null),
        4 => NextExpiry(random, name),
        _ => Some.Put(name, new string('v', random.Next(80))),
    };

    // ASCII, because the states are text: a character of another value may begin in one part of it and end in the next.
    private IEnumerable<Operation> NextMerge(Random random, Func<byte[]> nextValue)
    {
        if (random.Next(3) > 0)
            yield break;
        var before = _states[^1].Entries.GetValueOrDefault(Merged);
        var text = Some.Bytes(random.Next(4) == 0 ? new string('\0', random.Next(1, 1500)) : $"{random.Next(10)}{Convert.ToHexString(nextValue())}");
        yield return (before is null ? 0 : random.Next(8)) switch
        {
            0 => new Put(Some.Key(Merged), text, Entry.MergeableContentType) { IsRewrite = true },
            1 => Some.Delete(Merged),
            2 => NextExpiry(random, Merged),
            _ => new Extend(Some.Key(Merged), _numbers[Merged].Created, MergedBytes(before!), text),
        };
    }

    private static int MergedBytes(string text) => text.IndexOf(' ', StringComparison.Ordinal) - Merged.Length - 1;

    private SetExpiry NextExpiry(Random random, string name)
    {
        var expiresAt = random.Next(4) == 0 ? long.MaxValue : random.Next();
        var operation = new SetExpiry(Some.Key(name), expiresAt == long.MaxValue ? ExpiryUpdate.Never : ExpiryUpdate.At(DateTimeOffset.FromUnixTimeMilliseconds(expiresAt)));
        _expiries.Add(operation, expiresAt);
        return operation;
    }

    private void Take(Transaction transaction)
    {
        var state = _states[^1].Entries;
        var revision = Last + 1;

        // After a transaction that was not applied it conflicts.
        if (transaction.Operations.OfType<Extend>().Any(extend => !state.TryGetValue(Merged, out var text) || MergedBytes(text) != extend.AtLength || _numbers[Merged].Created != extend.CreatedRevision))
            return;
        foreach (var operation in transaction.Operations)
        {
            var name = operation.Key.ToString();
            if (operation is SetExpiry)
            {
                if (!state.TryGetValue(name, out var before))
                    continue;
                var numbers = _numbers[name] = (_numbers[name].Created, _numbers[name].Version + 1);
                state = state.SetItem(name, $"{string.Join(' ', before.Split(' ')[..^5])} {Numbers(numbers, revision, _expiries[operation])}");
                continue;
            }

            if (operation is Extend extend)
            {
                var numbers = _numbers[name] = (_numbers[name].Created, _numbers[name].Version + 1);
                var parts = state[name].Split(' ');
                state = state.SetItem(name, $"{parts[0]}{System.Text.Encoding.UTF8.GetString(extend.Suffix.Span)} {parts[1]} {Numbers(numbers, revision, long.Parse(parts[^1], null))}");
                continue;
            }

            if (operation is not Put put)
            {
                foreach (var deleted in operation is DeletePrefix ? state.Keys.Where(key => key.StartsWith(name, StringComparison.Ordinal)) : [name])
                {
                    state = state.Remove(deleted);
                    _numbers.Remove(deleted);
                }

                continue;
            }

            var (created, version) = _numbers.GetValueOrDefault(name, (revision, 0));
            _numbers[name] = (created, version + 1);
            var expires = put.ExpiresAt?.ToUnixTimeMilliseconds() ?? long.MaxValue;
            state = state.SetItem(name, $"{name}={System.Text.Encoding.UTF8.GetString(put.Value.Span)} {put.ContentType} {Numbers(_numbers[name], revision, expires)}");
        }

        if (!ReferenceEquals(state, _states[^1].Entries))
            _states.Add((revision, state));
    }

    private string Numbers((long Created, long Version) numbers, long revision, long expires) =>
        $"{numbers.Created} {revision} {numbers.Version} {time.GetUtcNow().ToUnixTimeMilliseconds()} {expires}";
}
