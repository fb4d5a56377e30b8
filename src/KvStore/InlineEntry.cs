using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>What an entry is made of besides its key.</summary>
internal readonly record struct EntryFields(
    ReadOnlyMemory<byte> Value,
    string ContentType,
    long CreatedRevision,
    long Revision,
    long Version,
    long ModifiedAtMilliseconds,
    long ExpiresAtMilliseconds);

/// <summary>An entry with a key that is too long to lie in it.</summary>
internal sealed class LongKeyEntry(in EntryFields fields, ReadOnlySpan<byte> key) : Entry(fields, key.Length)
{
    public byte[] LongKey { get; } = key.ToArray();
}

/// <summary>An entry with room for a key. The runtime has no objects of variable length but arrays, hence a type for each size.</summary>
internal sealed class InlineEntry<TRoom> : Entry
    where TRoom : struct
{
    internal TRoom Room;

    public InlineEntry(in EntryFields fields, ReadOnlySpan<byte> key)
        : base(fields, key.Length) =>
        key.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<TRoom, byte>(ref Room), Unsafe.SizeOf<TRoom>()));
}

/// <summary>The sizes of <see cref="InlineEntry{TRoom}"/>, and what is the same in all of them.</summary>
internal static class InlineEntry
{
    /// <summary>The longest key that lies in its entry.</summary>
    public const int KeyBytesMax = 128;

    /// <summary>Makes an entry of the least size that has room for the key.</summary>
    public static Entry Create(in EntryFields fields, ReadOnlySpan<byte> key) => key.Length switch
    {
        <= 8 => new InlineEntry<Room8>(fields, key),
        <= 16 => new InlineEntry<Room16>(fields, key),
        <= 24 => new InlineEntry<Room24>(fields, key),
        <= 32 => new InlineEntry<Room32>(fields, key),
        <= 40 => new InlineEntry<Room40>(fields, key),
        <= 48 => new InlineEntry<Room48>(fields, key),
        <= 56 => new InlineEntry<Room56>(fields, key),
        <= 64 => new InlineEntry<Room64>(fields, key),
        <= 80 => new InlineEntry<Room80>(fields, key),
        <= 96 => new InlineEntry<Room96>(fields, key),
        <= 112 => new InlineEntry<Room112>(fields, key),
        _ => new InlineEntry<Room128>(fields, key),
    };

    /// <summary>The key's bytes.</summary>
    /// <remarks>
    /// It reads every size as the least one, because the room is at the same place in all of them and begins the part that differs.
    /// A virtual method would cost a lookup in the index a branch that the processor guesses wrongly when key lengths vary.
    /// </remarks>
    public static ReadOnlySpan<byte> KeyOf(Entry entry, int length) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Room8, byte>(ref Unsafe.As<InlineEntry<Room8>>(entry).Room), length);

    [InlineArray(8)]
    private struct Room8
    {
        private byte _first;
    }

    [InlineArray(16)]
    private struct Room16
    {
        private byte _first;
    }

    [InlineArray(24)]
    private struct Room24
    {
        private byte _first;
    }

    [InlineArray(32)]
    private struct Room32
    {
        private byte _first;
    }

    [InlineArray(40)]
    private struct Room40
    {
        private byte _first;
    }

    [InlineArray(48)]
    private struct Room48
    {
        private byte _first;
    }

    [InlineArray(56)]
    private struct Room56
    {
        private byte _first;
    }

    [InlineArray(64)]
    private struct Room64
    {
        private byte _first;
    }

    [InlineArray(80)]
    private struct Room80
    {
        private byte _first;
    }

    [InlineArray(96)]
    private struct Room96
    {
        private byte _first;
    }

    [InlineArray(112)]
    private struct Room112
    {
        private byte _first;
    }

    [InlineArray(128)]
    private struct Room128
    {
        private byte _first;
    }
}
