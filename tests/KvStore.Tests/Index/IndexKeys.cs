using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace KvStore.Tests;

/// <summary>Keys for tests of the index: any bytes, of shapes that are hard on it.</summary>
internal static class IndexKeys
{
    public static readonly string[] Shapes =
        ["few-bytes", "users", "long-prefix", "random", "equal-heads", "first-bytes", "ascending", "descending", "prefixes-of-each-other", "two-clusters"];

    /// <summary>The bytes as a key, though they may not be UTF-8: the index orders bytes and knows nothing else of them.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    public static extern Key Of(byte[] bytes);

    public static Entry EntryOf(Key key, long revision = 1) => Entry.Create(key, new byte[revision % 5], "", revision, revision, 1, 0);

    public static Entry EntryOf(string key, long revision = 1) => EntryOf(Key.Parse(key), revision);

    /// <summary>Makes keys of one shape; they repeat now and then.</summary>
    public static Func<Key> Generator(string shape, Random random)
    {
        var turn = 0;
        var prefix = Bytes(random, random.Next(0, 1001), 'p', 'p');
        return shape switch
        {
            "few-bytes" => () => Of(Pick(random, random.Next(1, 7), [0x00, (byte)'a', 0xFF])),
            "users" => () => Key.Parse($"user/{random.Next(300):D6}/{(random.Next(2) == 0 ? "name" : "email")}"),
            "long-prefix" => () => Of([.. prefix, .. Bytes(random, random.Next(1, 24), 'a', 'c')]),
            "random" => () => Of(Bytes(random, random.Next(1, 12), '\0', '\xFF')),
            "equal-heads" => () => Of([.. "abc"u8, .. "12345678"u8, .. Bytes(random, random.Next(0, 5), 'a', 'd')]),
            "first-bytes" => () => Of(random.Next(2) == 0 ? [(byte)random.Next(256)] : [(byte)random.Next(256), (byte)random.Next(3)]),
            "ascending" => () => Key.Parse(turn++.ToString("D9", CultureInfo.InvariantCulture)),
            "descending" => () => Key.Parse((100_000_000 - turn++).ToString("D9", CultureInfo.InvariantCulture)),
            "prefixes-of-each-other" => () => Of([.. Enumerable.Repeat((byte)(random.Next(20) == 0 ? 0 : 'x'), random.Next(1, 400))]),
            "two-clusters" => () => Of([(byte)(random.Next(2) == 0 ? 'a' : 'z'), .. prefix[..Math.Min(prefix.Length, 60)], .. Bytes(random, 3, '\0', '\x09')]),
            _ => throw new ArgumentException($"There is no shape {shape}.", nameof(shape)),
        };
    }

    /// <summary>A range whose bounds are near keys of the shape: empty ones, absent ones, prefixes, and now and then the wrong way round.</summary>
    public static KeyRange Range(Func<Key> keys, Random random)
    {
        if (random.Next(3) == 0)
        {
            var key = keys();
            return KeyRange.WithPrefix(key.Utf8[..random.Next(key.Length + 1)]);
        }

        var from = random.Next(8) == 0 ? [] : Bound(keys, random);
        var to = random.Next(8) == 0 ? [] : Bound(keys, random);
        var swap = random.Next(10) > 0 && to.Length > 0 && from.AsSpan().SequenceCompareTo(to) > 0;
        return swap ? new KeyRange(to, from) : new KeyRange(from, to);
    }

    /// <summary>The seed of this run: KVSTORE_TEST_SEED, or another one each time.</summary>
    public static int Seed()
    {
        var given = Environment.GetEnvironmentVariable("KVSTORE_TEST_SEED");
        var seed = given is { Length: > 0 } ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"KVSTORE_TEST_SEED={seed}");
        return seed;
    }

    private static byte[] Bound(Func<Key> keys, Random random)
    {
        var bytes = keys().Utf8.ToArray();
        return random.Next(3) switch
        {
            0 => bytes[..random.Next(1, bytes.Length + 1)],
            1 => [.. bytes, 0],
            _ => bytes,
        };
    }

    private static byte[] Bytes(Random random, int length, char least, char greatest)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)random.Next(least, greatest + 1);
        return bytes;
    }

    private static byte[] Pick(Random random, int length, byte[] among) => random.GetItems(among, length);

    /// <summary>Keys as text that can be read in a message.</summary>
    public static string Show(Key key)
    {
        var text = new StringBuilder();
        foreach (var b in key.Utf8[..Math.Min(key.Length, 40)])
            text.Append(b is > 0x20 and < 0x7F ? ((char)b).ToString() : $"\\{b:X2}");
        return $"{text}({key.Length})";
    }
}
