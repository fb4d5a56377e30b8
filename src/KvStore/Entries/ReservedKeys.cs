namespace KvStore;

/// <summary>What a record of the store's own is about.</summary>
internal enum ReservedKind
{
    /// <summary>The key is not that of a record of the store's own.</summary>
    None,

    /// <summary><c>\0idempotency/{key}</c>: what a transaction did (<see cref="KvStore.Idempotency"/>).</summary>
    Idempotency,

    /// <summary><c>\0origin/{key}</c>: what is known of a key at its origin.</summary>
    Origin,

    /// <summary><c>\0epoch/{name}</c>: its revision tells which loads of an origin began before everything of it was invalidated.</summary>
    Epoch,

    /// <summary><c>\0invalid/{name}/{prefix}</c>: what of an origin was found valid before the record's revision is invalid.</summary>
    Invalid,

    /// <summary><c>\0outbox/{key}</c>: the entry of the key has yet to reach its origin.</summary>
    Outbox,

    /// <summary><c>\0writing/{key}</c>: the key is being written to its origin.</summary>
    Writing,
}

/// <summary>
/// The keys of the store's own records. Clients cannot name a key with a control character, so no list, count, watch or export shows one, and
/// no deletion by prefix reaches one. This is the one place that makes and recognises them.
/// </summary>
internal static class ReservedKeys
{
    /// <summary>The longest key of an idempotency record, without its prefix.</summary>
    public const int IdempotencyBytesMax = 128;

    /// <summary>The most bytes of the value of a record, other than those of idempotency.</summary>
    public const int ValueBytesMax = 16 << 10;

    private static readonly byte[][] Prefixes =
        [[], .. new[] { "idempotency", "origin", "epoch", "invalid", "outbox", "writing" }.Select(name => Encoding.ASCII.GetBytes($"\0{name}/"))];

    /// <summary>What every key of a kind starts with.</summary>
    public static ReadOnlySpan<byte> PrefixOf(ReservedKind kind) => Prefixes[(int)kind];

    /// <summary>The key of a record.</summary>
    /// <param name="kind">What the record is about; not <see cref="ReservedKind.None"/>.</param>
    /// <param name="rest">What follows the prefix of the kind.</param>
    public static Key Of(ReservedKind kind, ReadOnlySpan<byte> rest) => Key.FromStored([.. PrefixOf(kind), .. rest]);

    /// <summary>The keys of a kind whose rest starts with a prefix.</summary>
    public static KeyRange RangeOf(ReservedKind kind, ReadOnlySpan<byte> restPrefix) => KeyRange.WithPrefix([.. PrefixOf(kind), .. restPrefix]);

    /// <summary>What a key is about; <see cref="ReservedKind.None"/> for one that clients can name, and for one that no record has.</summary>
    public static ReservedKind KindOf(ReadOnlySpan<byte> key)
    {
        if (key is not [0, ..])
            return ReservedKind.None;
        for (var kind = ReservedKind.Idempotency; kind <= ReservedKind.Writing; kind++)
        {
            if (key.StartsWith(PrefixOf(kind)) && IsRest(kind, RestOf(kind, key)))
                return kind;
        }

        return ReservedKind.None;
    }

    /// <summary>Whether a stored key is that of an idempotency record. Asked for every change, so it does not look at what follows.</summary>
    public static bool IsIdempotency(ReadOnlySpan<byte> key) => key is [0, ..] && key.StartsWith(PrefixOf(ReservedKind.Idempotency));

    /// <summary>Whether a stored key is that of a write that has yet to reach its origin. Asked for every change, as <see cref="IsIdempotency"/>.</summary>
    public static bool IsOutbox(ReadOnlySpan<byte> key) => key is [0, ..] && key.StartsWith(PrefixOf(ReservedKind.Outbox));

    /// <summary>What follows the prefix of a kind in a key of that kind.</summary>
    public static ReadOnlySpan<byte> RestOf(ReservedKind kind, ReadOnlySpan<byte> key) => key[PrefixOf(kind).Length..];

    // A prefix may end in what would be a dot segment if it were a key.
    private static bool IsRest(ReservedKind kind, ReadOnlySpan<byte> rest) => kind == ReservedKind.Idempotency
        ? rest.Length is >= 1 and <= IdempotencyBytesMax
        : Key.Check(rest, EntryLayout.KeyBytesMax) is var problem && (problem == KeyProblem.None || (kind == ReservedKind.Invalid && problem == KeyProblem.DotSegment));
}
