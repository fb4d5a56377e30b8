using System.Globalization;
using System.Text;

namespace KvStore.Etcd.Tests;

/// <summary>Transactions of all operations with all options, so that most meet something in the state that they are made for.</summary>
internal sealed class RandomTransactions(Random random)
{
    /// <summary>The time around which everything happens.</summary>
    public const long Now = 1_750_000_000_000;

    /// <summary>So many entries that their deletion by prefix is not a list of changes.</summary>
    public const int ManyEntries = 1_100;

    private static readonly string[] Keys = ["m", "m", "m/2", "a", "a/1", "a/2", "b", "b/.hidden", "c/é", "c/" + new string('k', 300), "n", "j", "j", "j/2", "j/2"];
    private static readonly string[] ContentTypes = ["", "text/plain", "application/json", "application/vnd.example+json; v=\"2\""];

    /// <summary>A transaction that creates <see cref="ManyEntries"/> below one prefix.</summary>
    public static Transaction Many() => new([], [.. Enumerable.Range(0, ManyEntries).Select(i => Some.Put($"many/{i:D4}", "v"))]);

    /// <summary>A transaction that deletes them.</summary>
    public static Transaction DeleteMany() => Some.Transaction(new DeletePrefix("many/"u8, 5_000));

    /// <summary>A transaction.</summary>
    /// <param name="state">The state that it is made for.</param>
    public Transaction Next(Snapshot state)
    {
        var guards = random.Next(3) != 0 ? [] : Enumerable.Range(0, random.Next(1, 4)).Select(_ => NextGuard(state)).ToArray();
        var records = random.Next(4) != 0 ? [] : random.GetItems(Keys, 2).Distinct().Select(NextRecord).ToArray();
        if (records.Length > 0 && random.Next(2) == 0)
            guards = [.. guards, Guard.RevisionIn(records[0].Key, state.Find(records[0].Key)?.Revision ?? 1)];
        var operations = records.Length > 0 && random.Next(3) == 0 ? [] : NextOperations(state);
        return new Transaction([.. guards], [.. operations.Where(operation => !records.Any(record => record.Key == operation.Key))], [.. records])
        {
            Idempotency = random.Next(3) == 0 ? NextIdempotency() : null,
        };
    }

    private Operation NextRecord(string key)
    {
        var record = ReservedKeys.Of(random.GetItems([ReservedKind.Origin, ReservedKind.Epoch, ReservedKind.Invalid, ReservedKind.Outbox], 1)[0], Some.Key(key).Utf8);
        return random.Next(4) == 0 ? new Delete(record) : new Put(Draft(record, NextValue(), "", NextExpiry()));
    }

    /// <summary>What a writer refuses: mostly nothing.</summary>
    public DecisionLimits NextLimits() => new()
    {
        GrowthRefusal = random.Next(8) == 0 ? (GrowthRefusal)random.Next(1, 3) : GrowthRefusal.None,
        RefusesRecords = random.Next(8) == 0,
        IgnoresMemory = true,
    };

    private Operation[] NextOperations(Snapshot state)
    {
        switch (random.Next(12))
        {
            case 0:
                return [new Append(Some.Key(random.Next(2) == 0 ? "a/" : "b/..x"), NextValue(), NextContentType(), NextExpiry())];
            case 1:
                return [new DeletePrefix(Some.Bytes(random.GetItems(["a", "b/.", "c", "many/", "many/1", "x"], 1)[0]), random.GetItems([0, 3, 1_000, 5_000], 1)[0])];
            case 2 when state.ScanAll().ToArray() is { Length: > 0 } entries:
                return [.. random.GetItems(entries, random.Next(1, 4)).Distinct().Select(entry => new Expire(entry.Key, Math.Max(1, entry.Revision - random.Next(2))))];
            default:
                var keys = random.GetItems(Keys, random.Next(1, 5)).Distinct().ToArray();
                return [.. NextReads(), .. keys.Length > 1 && random.Next(3) == 0 ? [NextMove(keys), .. keys[2..].Select(key => NextOperation(key, state))] : keys.Select(key => NextOperation(key, state))];
        }
    }

    private IEnumerable<Operation> NextReads() => random.Next(4) == 0 ? random.GetItems(Keys, 2).Select(Operation (key) => new Get(Some.Key(key))) : [];

    private static Move NextMove(string[] keys) => new(Some.Key(keys[0]), Some.Key(keys[1]));

    private Operation NextOperation(string key, Snapshot state)
    {
        switch (key[0], random.Next(9))
        {
            case ('n', < 6):
                return new Increment(Some.Key(key), random.Next(5) == 0 ? long.MaxValue / 2 : random.Next(-100, 100), NextUpdate());
            case ('j', < 5):
                return NextPatch(Some.Key(key), state);
            case ('m', < 5):
                return NextExtend(Some.Key(key), state.Find(Some.Key(key)));
            case ('m', < 7):
                return new Put(Draft(Some.Key(key), NextValue(), random.Next(8) == 0 ? NextContentType() : Entry.MergeableContentType, NextExpiry())) { IsRewrite = random.Next(8) != 0 };
            case (_, 7):
                return Some.Delete(key);
            case (_, 8):
                return new SetExpiry(Some.Key(key), NextUpdate());
            default:
                return new Put(Draft(Some.Key(key), key[0] == 'j' ? NextJson() : NextValue(), NextContentType(), NextExpiry())) { Memo = random.Next(2) * random.NextInt64() };
        }
    }

    private Extend NextExtend(Key key, Entry? present) => new(
        key,
        Math.Max(1, (present?.CreatedRevision ?? 1) - (random.Next(8) == 0 ? 1 : 0)),
        Math.Max(0, (present?.Value.Length ?? 1) - (random.Next(8) == 0 ? 1 : 0)),
        random.Next(3) == 0 ? new byte[random.Next(1, 2_000)] : Some.Bytes($"{random.Next()}"),
        NextUpdate());

    private MergePatch NextPatch(Key key, Snapshot state)
    {
        var text = random.Next(16) switch
        {
            0 => "null",
            1 => "  [1, 2]\n",
            2 => $"{{\"{(char)random.Next('a', 'f')}\":null}}",
            3 => "\uFEFF{\"a\":\"\\u00e9\"}",
            _ => $"{{\"{(char)random.Next('a', 'f')}\":{{\"x\":{random.Next(100)}}}}}",
        };
        var patch = MergePatch.TryCreate(key, Some.Bytes(text), random.Next(2) == 0 ? random.Next(2 * MergePatch.UnpreparedBytesMax) : 1 << 20, NextUpdate())!;
        if (random.Next(3) != 0)
            patch.Prepare(state);
        if (random.Next(3) == 0)
            patch.AllowUnprepared();
        return patch;
    }

    private Guard NextGuard(Snapshot state)
    {
        var key = Some.Key(random.GetItems(Keys, 1)[0]);
        var current = state.Find(key)?.Revision ?? state.Revision;
        return random.Next(6) switch
        {
            0 => Guard.Exists(key),
            1 => Guard.Absent(key),
            2 => Guard.RevisionIn(key, [.. Enumerable.Range(0, random.Next(4)).Select(i => current - i)]),
            3 => Guard.RevisionIn(key, current),
            4 => Guard.RevisionNotIn(key, current + random.Next(2)),
            _ => Guard.UnmodifiedSince(key, DateTimeOffset.FromUnixTimeMilliseconds(Now + random.Next(-10_000, 10_000))),
        };
    }

    private Idempotency NextIdempotency() => new(
        Some.Bytes($"key{random.Next(12)}"), Some.Bytes(new string('f', random.Next(2) * 16)), TimeSpan.FromMilliseconds(random.Next(100_000)), random.Next(5) == 0 ? 40 : 1 << 20);

    private static EntryDraft Draft(Key key, byte[] value, string contentType, DateTimeOffset? expiresAt)
    {
        var draft = new EntryDraft(key, value.Length, contentType, expiresAt);
        value.CopyTo(draft.Value);
        return draft;
    }

    // Around the size from which values are shared.
    private byte[] NextValue() => Some.Bytes(random.Next(4) switch
    {
        0 => "",
        1 => new string((char)random.Next('a', 'z'), random.Next(SharedValue.BytesMin - 1, SharedValue.BytesMin + 3_000)),
        2 => random.Next(1_000).ToString(CultureInfo.InvariantCulture),
        _ => $"value {random.Next()}",
    });

    // Around the size from which patches are prepared.
    private byte[] NextJson()
    {
        var text = new StringBuilder("{");
        for (var i = random.Next(3) == 0 ? 0 : random.Next(2 * MergePatch.UnpreparedBytesMax); i >= 0; i -= 20)
            text.Append(CultureInfo.InvariantCulture, $"\"{(char)random.Next('a', 'f')}{i}\": [{random.Next(100)}, \"\\u00e9é\"],");
        return Some.Bytes(text.Append("\"end\":true}").ToString());
    }

    private string NextContentType() => random.GetItems(ContentTypes, 1)[0];

    private DateTimeOffset? NextExpiry() => random.Next(3) switch
    {
        0 => DateTimeOffset.FromUnixTimeMilliseconds(Now + random.Next(100_000)).AddTicks(random.Next(2)),
        1 when random.Next(10) == 0 => DateTimeOffset.MaxValue,
        _ => null,
    };

    private ExpiryUpdate NextUpdate() => random.Next(3) switch
    {
        0 => ExpiryUpdate.Unchanged,
        1 => ExpiryUpdate.Never,
        _ => ExpiryUpdate.At(NextExpiry() ?? DateTimeOffset.UnixEpoch),
    };
}
