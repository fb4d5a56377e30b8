using System.Text;

namespace KvStore.Origins;

/// <summary>
/// Which writes an origin has yet to get: the records <c>\0outbox/{key}</c>. A key is dirty as long as it has one. Thread-safe.
/// </summary>
/// <param name="options">The settings.</param>
/// <param name="time">The clock.</param>
internal sealed class OutboxMarks(OriginOptions options, TimeProvider time)
{
    private long _oldestMilliseconds = long.MaxValue;

    /// <summary>The keys of the records.</summary>
    public KeyRange Range { get; } = ReservedKeys.RangeOf(ReservedKind.Outbox, Encoding.UTF8.GetBytes(options.Prefix));

    /// <summary>
    /// Since when the oldest write has waited that is not parked, in milliseconds; <see cref="long.MaxValue"/> if none does. Set by those who deliver, who look at all of them anyway.
    /// </summary>
    public long OldestMilliseconds
    {
        get => Volatile.Read(ref _oldestMilliseconds);
        set => Volatile.Write(ref _oldestMilliseconds, value);
    }

    /// <summary>The key of a key's record.</summary>
    public static Key MarkOf(Key key) => ReservedKeys.Of(ReservedKind.Outbox, key.Utf8);

    /// <summary>The key that a record is about.</summary>
    public static Key KeyOf(Key mark) => Key.FromStored(Utf8Of(mark));

    /// <summary>The same, as bytes.</summary>
    public static ReadOnlySpan<byte> Utf8Of(Key mark) => ReservedKeys.RestOf(ReservedKind.Outbox, mark.Utf8);

    /// <summary>The record of a key; null if it is not dirty.</summary>
    public static Entry? Find(Snapshot snapshot, Key key) => snapshot.FindReserved(ReservedKind.Outbox, key.Utf8);

    /// <summary>The records of keys with a prefix, in the order of keys.</summary>
    /// <param name="snapshot">The state.</param>
    /// <param name="prefix">The prefix.</param>
    /// <param name="after">The key after which they start; empty for the first.</param>
    /// <param name="isParked">Only those that are parked, or that are not; null for all.</param>
    public static IEnumerable<Entry> Scan(Snapshot snapshot, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> after, bool? isParked)
    {
        var range = ReservedKeys.RangeOf(ReservedKind.Outbox, prefix);
        if (!after.IsEmpty)
            range = range.After([.. ReservedKeys.PrefixOf(ReservedKind.Outbox), .. after]);
        return snapshot.ScanReserved(range).Where(record => isParked is not { } only || OutboxMark.Read(record).IsParked == only);
    }

    /// <summary>What to do about writes that no origin of the settings would deliver; null if there are none.</summary>
    public static string? FindOrphan(Snapshot snapshot, OriginTable origins)
    {
        foreach (var record in snapshot.ScanReserved(ReservedKeys.RangeOf(ReservedKind.Outbox, default)))
        {
            if (origins.Find(ReservedKeys.RestOf(ReservedKind.Outbox, record.KeyUtf8)) is not { } origin)
                return "Writes have yet to reach an origin that is not in the settings any more. Set it again, with Writes behind and the Prefix that it had, until its outbox is empty: GET /v1/origins/NAME/outbox.";
            if (origin.Outbox is null)
                return $"{snapshot.CountOfReserved(ReservedKeys.RangeOf(ReservedKind.Outbox, origin.Prefix.Span))} writes have yet to reach the origin {origin.Options.Name}, whose Writes is not behind any more. Set KvStore:Origins:{origin.Options.Name}:Writes to behind until its outbox is empty: GET /v1/origins/{origin.Options.Name}/outbox.";
        }

        return null;
    }

    /// <summary>The transaction that has a parked key delivered again, if its record is still the same.</summary>
    public Transaction Retry(Entry record) => new(
        [Guard.RevisionIn(record.Key, record.Revision)], [], [new Put(record.Key, new OutboxMark(false, time.GetUtcNow().ToUnixTimeMilliseconds(), "").ToBytes(), "")]);

    /// <summary>The record that a write of a key puts; null if there are too many, or one is too old.</summary>
    /// <param name="latest">The latest state.</param>
    /// <param name="key">The key.</param>
    /// <param name="added">How many keys become dirty by the same transaction, besides this one.</param>
    public Put? TryPut(Snapshot latest, Key key, ref int added)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var present = Find(latest, key);
        if (now - OldestMilliseconds > options.Outbox.AgeMax.TotalMilliseconds || (present is null && latest.CountOfReserved(Range) + added >= options.Outbox.EntriesMax))
            return null;
        if (present is null)
            added++;

        // A write that replaces one that waits has waited as long: otherwise a key that is written again and again would never be old.
        var since = present is { } record && OutboxMark.Read(record) is { IsParked: false } waiting ? waiting.SinceMilliseconds : now;
        return Put(key, new OutboxMark(false, since, ""));
    }

    /// <summary>The operation that puts a record.</summary>
    public static Put Put(Key key, OutboxMark mark) => new(MarkOf(key), mark.ToBytes(), "");
}
