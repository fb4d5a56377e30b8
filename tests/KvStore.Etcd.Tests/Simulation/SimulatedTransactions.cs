using System.Collections.Immutable;

namespace KvStore.Etcd.Tests;

/// <summary>What one client of a simulation writes: every kind of operation, over so few keys that clients meet, guarded by what it saw last.</summary>
internal sealed class SimulatedTransactions(Random random, TimeProvider time, int valueBytesMax)
{
    private const int Keys = 5;

    private Snapshot _seen = Snapshot.Empty;

    /// <summary>Lets the client know a state, for its guards.</summary>
    public void See(Snapshot snapshot) => _seen = snapshot;

    /// <summary>Makes a transaction.</summary>
    /// <param name="id">Names it; each of its values has this.</param>
    public Transaction Next(string id) => new([Oracle.NewMark(id), .. NextGuards()], NextOperations(id));

    /// <summary>An addition that can be tried again.</summary>
    public Transaction NextIdempotent(string id, string idempotencyKey) => new([Oracle.NewMark(id)], [new Increment(Some.Key($"sum/{random.Next(2)}"), 1)])
    {
        Idempotency = new Idempotency(Some.Bytes(idempotencyKey), Some.Bytes("increment"), TimeSpan.FromHours(1), 10_000),
    };

    private IEnumerable<Guard> NextGuards()
    {
        for (var i = random.Next(-1, 2); i > 0; i--)
        {
            var key = NextKey();
            var revision = _seen.Find(key)?.Revision ?? 0;
            yield return random.Next(5) switch
            {
                0 => Guard.Exists(key),
                1 => Guard.Absent(key),
                2 => Guard.RevisionNotIn(key, revision),
                _ => Guard.RevisionIn(key, revision),
            };
        }
    }

    private ImmutableArray<Operation> NextOperations(string id) => random.Next(16) switch
    {
        0 => [new Append(Some.Key("items/"), Value(id), "text/plain")],
        1 => [new DeletePrefix(Some.Bytes("k/"), 100)],
        2 => [new Increment(Some.Key("n"), random.Next(-2, 3))],
        3 => [NextPatch(id)],
        4 => [new SetExpiry(NextKey(), ExpiryUpdate.At(NextExpiry()))],
        5 when random.Next(2) == 0 => [new Get(NextKey())],
        5 => [NextOfMergeable(id)],
        6 => [new Delete(NextKey())],
        7 or 8 => [new Put(NextKey(), Value(id), "text/plain", NextExpiry())],
        < 12 => [new Put(NextKey(), Value(id), "text/plain", null)],
        _ => [.. NextSteps(id)],
    };

    // Clients that know an old length conflict.
    private Operation NextOfMergeable(string id) => Some.Key("merged") is var key && _seen.Find(key) is { } entry
        ? new Extend(key, entry.CreatedRevision, entry.Value.Length, Value(id))
        : new Put(key, Value(id), Entry.MergeableContentType) { IsRewrite = true };

    private MergePatch NextPatch(string id) =>
        MergePatch.TryCreate(Some.Key("json"), Some.Bytes($$"""{"{{random.Next(3)}}":"{{id}}"}"""), 10_000, ExpiryUpdate.Unchanged)!;

    private IEnumerable<Operation> NextSteps(string id)
    {
        var keys = Enumerable.Range(0, Keys).Select(key => Some.Key($"k/{key}")).ToArray();
        random.Shuffle(keys);
        for (var i = 0; i < random.Next(1, Keys); i++)
        {
            yield return random.Next(6) switch
            {
                0 => new Get(keys[i]),
                1 => new Delete(keys[i]),
                2 when i + 1 < keys.Length => new Move(keys[i], keys[++i]),
                _ => new Put(keys[i], Value($"{id}.{i}"), "text/plain", null),
            };
        }
    }

    private Key NextKey() => Some.Key($"k/{random.Next(Keys)}");

    private DateTimeOffset NextExpiry() => time.GetUtcNow().AddMilliseconds(random.Next(1, 3000));

    private byte[] Value(string id) => Some.Bytes(id + new string('.', random.Next(4) == 0 ? random.Next(valueBytesMax) : 0));
}
