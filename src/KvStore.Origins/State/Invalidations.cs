using System.Text;

namespace KvStore.Origins;

/// <summary>
/// What of an origin is invalid: the records <c>\0invalid/{name}/{prefix}</c>, without a value. What was found valid before the revision of one that its key starts with is invalid.
/// Every commit that changes them puts the origin's epoch too, so that they are read once for each epoch. Thread-safe.
/// </summary>
internal sealed class Invalidations(OriginOptions options)
{
    /// <summary>The most records of an origin. One more is replaced by one for all of the origin.</summary>
    public const int RecordsMax = 64;

    private readonly byte[] _name = Encoding.UTF8.GetBytes(options.Name + "/");

    private volatile Cached? _cached;

    /// <summary>The key whose revision changes with every invalidation of more than single keys.</summary>
    public Key EpochKey { get; } = ReservedKeys.Of(ReservedKind.Epoch, Encoding.UTF8.GetBytes(options.Name));

    /// <summary>The revision of the origin's epoch; 0 before the first.</summary>
    public long EpochIn(Snapshot snapshot) => snapshot.Find(EpochKey)?.Revision ?? 0;

    /// <summary>The revision below which what is known of a key is invalid; 0 if there is none.</summary>
    public long RevisionIn(Snapshot snapshot, Key key)
    {
        // Most reads are of the same state as the one before.
        if (_cached is not { } cached || cached.Snapshot != snapshot.Revision)
        {
            var epoch = EpochIn(snapshot);
            _cached = cached = new Cached(snapshot.Revision, epoch, epoch == 0 ? [] : _cached is { } last && last.Epoch == epoch ? last.All : [.. Read(snapshot)]);
        }

        var newest = 0L;
        foreach (var (prefix, revision) in cached.All)
        {
            if (revision > newest && key.Utf8.StartsWith(prefix))
                newest = revision;
        }

        return newest;
    }

    /// <summary>The records that void the loads in progress.</summary>
    public ImmutableArray<Operation> PutEpoch() => [new Put(EpochKey, default, "")];

    /// <summary>The records that invalidate a prefix, which begins with that of the origin.</summary>
    public ImmutableArray<Operation> Invalidate(Snapshot latest, ReadOnlySpan<byte> prefix)
    {
        // Another invalidation may come in between. Then there is one more, which the next one counts.
        var present = Read(latest).ToList();
        var record = RecordOf(prefix);
        if (present.Count < RecordsMax || present.Exists(one => RecordOf(one.Prefix) == record))
            return [new Put(EpochKey, default, ""), new Put(record, default, "")];
        var all = RecordOf(Encoding.UTF8.GetBytes(options.Prefix));
        return
        [
            new Put(EpochKey, default, ""), new Put(all, default, ""),
            .. present.Select(one => RecordOf(one.Prefix)).Where(key => key != all).Select(Operation (key) => new Delete(key)),
        ];
    }

    private Key RecordOf(ReadOnlySpan<byte> prefix) => ReservedKeys.Of(ReservedKind.Invalid, [.. _name, .. prefix]);

    private IEnumerable<(byte[] Prefix, long Revision)> Read(Snapshot snapshot) => snapshot.ScanReserved(ReservedKeys.RangeOf(ReservedKind.Invalid, _name))
        .Select(entry => (ReservedKeys.RestOf(ReservedKind.Invalid, entry.KeyUtf8)[_name.Length..].ToArray(), entry.Revision));

    private sealed record Cached(long Snapshot, long Epoch, (byte[] Prefix, long Revision)[] All);
}
