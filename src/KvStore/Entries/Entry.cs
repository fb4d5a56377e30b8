using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>A key with its value and metadata. Immutable; any thread may read it.</summary>
/// <remarks>
/// A store has millions of entries, so each is one array (see <see cref="EntryLayout"/>) without references for the collector
/// to follow. The exception is an entry that shares its value (<see cref="SharedValue"/>). This struct is a view of either: two are equal
/// when they view the same object, whatever the contents. The default value is no entry, and its members throw.
/// </remarks>
public readonly struct Entry : IEquatable<Entry>
{
    /// <summary>The value of <see cref="ExpiresAtMilliseconds"/> for an entry that does not expire.</summary>
    internal const long Never = long.MaxValue;

    /// <summary>The content type of a mergeable value. Nothing but its own operations may write an entry with it: <see cref="Extend"/>, and puts of the store.</summary>
    public const string MergeableContentType = "application/vnd.kvstore.crdt";

    /// <summary>The longest content type of an entry, in ASCII characters.</summary>
    public const int ContentTypeLengthMax = 256;

    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    // The entry's share of the index: leaves are three quarters full in random order, and inner nodes add a tenth. About one entry in
    // twenty has a separator, which may be as long as its key.
    internal const int IndexBytes = 32;
    private const int KeysPerSeparator = 16;

    // The node of an expiring entry in the expiry schedule.
    private const int ScheduleBytes = 48;

    // The array of the entry, or a SharedValue. Every search reads this: the test of the exact type is one comparison with a word beside the
    // array's length, which is read anyway.
    private readonly object _holder;

    internal Entry(byte[] encoded) => _holder = encoded;

    internal Entry(SharedValue shared) => _holder = shared;

    /// <summary>The key. It is a view of this entry and keeps all of it in memory.</summary>
    public Key Key => new(Encoded, EntryLayout.KeyStart, EntryLayout.KeyLength(Encoded));

    /// <summary>The bytes of the value. The store owns them; they never change, and stay valid as long as they are referenced.</summary>
    public ReadOnlyMemory<byte> Value => Shared is { } shared
        ? shared.Source.AsMemory(shared.ValueStart, shared.ValueLength)
        : Encoded.AsMemory(EntryLayout.ValueStart(Encoded));

    /// <summary>The media type, exactly as the writer gave it.</summary>
    public string ContentType => EntryLayout.ContentType(Encoded);

    /// <summary>Whether <see cref="ContentType"/> is <see cref="MergeableContentType"/>.</summary>
    public bool IsMergeable => EntryLayout.IsMergeable(Encoded);

    /// <summary>The revision that created the entry: the first write after the key was absent.</summary>
    public long CreatedRevision => EntryLayout.CreatedRevision(Encoded);

    /// <summary>The revision that last wrote the entry.</summary>
    public long Revision => EntryLayout.Revision(Encoded);

    /// <summary>The number of writes since the entry was created, including that one; 1 for a new entry.</summary>
    public long Version => EntryLayout.Version(Encoded);

    /// <summary>When the entry was last written, by the clock of the node that committed it, in milliseconds. Informative: clocks may go back; order writes by <see cref="Revision"/>.</summary>
    public DateTimeOffset ModifiedAt => DateTimeOffset.FromUnixTimeMilliseconds(ModifiedAtMilliseconds);

    /// <summary>When the entry expires, in milliseconds; null when it does not.</summary>
    public DateTimeOffset? ExpiresAt => TimeOf(ExpiresAtMilliseconds);

    /// <summary>The bytes of key and value together.</summary>
    public long Bytes => EntryLayout.KeyLength(Encoded) + ValueLength;

    /// <summary>The bytes of memory that the entry takes in a snapshot: its objects, with a value that it shares, and its share of the index and of the expiry schedule.</summary>
    public long MemoryBytes => HeapBytes + IndexBytes + (EntryLayout.KeyLength(Encoded) / KeysPerSeparator) + (EntryLayout.HasExpiry(Encoded) ? ScheduleBytes : 0);

    /// <summary>The array of the entry, without a value that it shares. Never written after the entry is stamped.</summary>
    internal byte[] Encoded
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var holder = _holder;
            return holder.GetType() == typeof(byte[]) ? Unsafe.As<byte[]>(holder) : Unsafe.As<SharedValue>(holder).Head;
        }
    }

    /// <summary>The bytes of the value.</summary>
    internal int ValueLength => Shared?.ValueLength ?? Encoded.Length - EntryLayout.ValueStart(Encoded);

    /// <summary>The bytes of the entry's objects on the heap, with a value that it shares.</summary>
    internal long HeapBytes => HeapSize.OfArray(ValueHolder.Length) + OwnHeapBytes;

    /// <summary>The part of <see cref="HeapBytes"/> that an entry which shares this one's value does not keep in memory.</summary>
    internal long OwnHeapBytes => Shared is { } shared ? HeapSize.OfArray(shared.Head.Length) + SharedValue.ObjectBytes : 0;

    /// <summary>The revision of the entry that the value's array was made for: that of this one, or an earlier one.</summary>
    internal long ValueHolderRevision =>
        Shared is not { } shared ? Revision : shared.IsGrowing ? GrowingArray.Revision(shared.Source) : EntryLayout.Revision(shared.Source);

    /// <summary>The array that the value lies in, if it is not that of the entry; else null.</summary>
    internal byte[]? SharedValueHolder => Shared?.Source;

    // The array that the value lies in.
    private byte[] ValueHolder => Shared is { } shared ? shared.Source : Encoded;

    private SharedValue? Shared => _holder.GetType() == typeof(byte[]) ? null : Unsafe.As<SharedValue>(_holder);

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    internal long ModifiedAtMilliseconds => EntryLayout.ModifiedAtMilliseconds(Encoded);

    /// <summary>Milliseconds since 1970-01-01 UTC, or <see cref="Never"/>.</summary>
    internal long ExpiresAtMilliseconds => EntryLayout.ExpiresAtMilliseconds(Encoded);

    /// <summary>The bytes of the key.</summary>
    internal ReadOnlySpan<byte> KeyUtf8 => EntryLayout.Key(Encoded);

    /// <summary>Creates an entry. Copies all arguments.</summary>
    internal static Entry Create(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> value,
        string contentType,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds)
    {
        var encoded = EntryLayout.Create(key, value.Length, contentType, expiresAtMilliseconds);
        value.CopyTo(encoded.AsSpan(EntryLayout.ValueStart(encoded)));
        EntryLayout.Stamp(encoded, createdRevision, revision, version, modifiedAtMilliseconds);
        return new Entry(encoded);
    }

    /// <summary>Creates an entry with the value and the content type of another one. A large value is shared, a small one copied.</summary>
    internal static Entry Derive(
        Entry source, ReadOnlySpan<byte> key, long createdRevision, long revision, long version, long modifiedAtMilliseconds, long expiresAtMilliseconds)
    {
        if (source.ValueLength < SharedValue.BytesMin)
            return Create(key, source.Value.Span, source.ContentType, createdRevision, revision, version, modifiedAtMilliseconds, expiresAtMilliseconds);
        var head = EntryLayout.Create(key, 0, source.ContentType, expiresAtMilliseconds);
        EntryLayout.Stamp(head, createdRevision, revision, version, modifiedAtMilliseconds);

        // The source of a shared value is always an array, so a chain of entries keeps one value and no entry between.
        return new Entry(new SharedValue(head, source.ValueHolder, source.Shared?.ValueStart ?? EntryLayout.ValueStart(source.Encoded), source.ValueLength));
    }

    /// <summary>Creates an entry that continues the value of another one with the same key. A large value is not copied, except now and then to get room.</summary>
    internal static Entry Extend(Entry source, ReadOnlySpan<byte> suffix, long revision, long version, long modifiedAtMilliseconds, long expiresAtMilliseconds)
    {
        var before = source.Value.Span;
        var length = before.Length + suffix.Length;
        var isSmall = length < SharedValue.BytesMin;
        var head = EntryLayout.Create(source.KeyUtf8, isSmall ? length : 0, source.ContentType, expiresAtMilliseconds);
        EntryLayout.Stamp(head, source.CreatedRevision, revision, version, modifiedAtMilliseconds);
        if (isSmall)
        {
            var value = head.AsSpan(EntryLayout.ValueStart(head));
            before.CopyTo(value);
            suffix.CopyTo(value[before.Length..]);
            return new Entry(head);
        }

        var array = source.Shared is { IsGrowing: true } shared && GrowingArray.TryExtend(shared.Source, before.Length, suffix)
            ? shared.Source
            : GrowingArray.Create(before, suffix, revision);
        return new Entry(new SharedValue(head, array, GrowingArray.ValueStart, length, extendedAt: before.Length));
    }

    /// <summary>Whether both have the very same value in memory. Never for values below <see cref="SharedValue.BytesMin"/>, which are copied, except of an entry and itself.</summary>
    internal bool SharesValueWith(Entry other) => ReferenceEquals(ValueHolder, other.ValueHolder);

    /// <summary>
    /// Whether this entry, of a mergeable value, continues that of the entry of its key before it. Only bytes of small values are compared.
    /// </summary>
    internal bool Extends(Entry previous) =>
        IsMergeable && previous.IsMergeable && CreatedRevision == previous.CreatedRevision && Version == previous.Version + 1 && (Shared is { } shared
            ? shared.ExtendedAt == previous.ValueLength
            : ValueLength is < SharedValue.BytesMin and var length && length > previous.ValueLength && Value.Span.StartsWith(previous.Value.Span));

    /// <summary>
    /// Whether this entry replaced another one by a change of the expiry alone: it shares the value, and differs in nothing but the expiry and what
    /// every write sets (revision, version, time).
    /// </summary>
    internal bool IsExpiryUpdateOf(Entry previous) =>
        SharesValueWith(previous) && ValueLength == previous.ValueLength && CreatedRevision == previous.CreatedRevision && KeyUtf8.SequenceEqual(previous.KeyUtf8) && ContentType == previous.ContentType;

    /// <summary>Whether both are the same entry. Entries that only have the same content are not.</summary>
    public bool Equals(Entry other) => ReferenceEquals(_holder, other._holder);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Entry other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(_holder);

    /// <summary>Whether both are the same entry.</summary>
    public static bool operator ==(Entry left, Entry right) => left.Equals(right);

    /// <summary>Whether both are different entries.</summary>
    public static bool operator !=(Entry left, Entry right) => !left.Equals(right);

    /// <summary>A time in whole milliseconds, rounded up so that no entry expires early. The last millisecond of the year 9999 is rounded down.</summary>
    internal static long MillisecondsNotBefore(DateTimeOffset time)
    {
        var whole = time.ToUnixTimeMilliseconds();
        return time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 || whole == LastMillisecond ? whole : whole + 1;
    }

    /// <summary>The <see cref="ExpiresAt"/> for a number of milliseconds.</summary>
    internal static DateTimeOffset? TimeOf(long expiresAtMilliseconds) =>
        expiresAtMilliseconds == Never ? null : DateTimeOffset.FromUnixTimeMilliseconds(expiresAtMilliseconds);
}
