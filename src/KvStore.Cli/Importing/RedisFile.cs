using System.Runtime.CompilerServices;

namespace KvStore.Cli;

/// <summary>
/// Strings of Redis from commands: SET with its expiry, SETEX, PSETEX, MSET, and an EXPIREAT or the like directly after a SET of its key, as a rewritten append-only file has it. Lists, hashes, sets and
/// commands that depend on what is stored are no entries: each is reported, and the rest is stored.
/// </summary>
internal static class RedisFile
{
    private static readonly string[] Ignored = ["PING", "MULTI", "EXEC", "AUTH", "HELLO", "CLIENT", "REPLCONF", "FUNCTION"];

    // In upper case, as they are written in files: prose may begin with "set".
    private static readonly string[] First = ["SET", "SETEX", "PSETEX", "MSET", "SELECT"];

    private readonly record struct Pending(string Place, byte[] Key, byte[] Value, DateTimeOffset? ExpiresAt);

    /// <summary>Whether a line is a command of Redis that such a file begins with.</summary>
    public static bool IsCommand(string line) => line.Split(' ', 2) is [var name, _] && First.Contains(name, StringComparer.Ordinal);

    public static async IAsyncEnumerable<ImportItem> ReadAsync(SourceStream source, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var commands = new RedisReader(new LineReader(source, source.Name));
        var now = TimeProvider.System.GetUtcNow();
        Pending? last = null;
        while (await NextAsync(source, commands, cancellationToken) is { } words)
        {
            if (words.Length == 0)
                continue;
            var name = Encoding.UTF8.GetString(words[0]).ToUpperInvariant();
            if (last is { } set && ExpiryOf(name, words, set.Key, now) is { } time)
            {
                last = set with { ExpiresAt = time };
                continue;
            }

            if (last is { } complete)
                yield return ItemOf(complete, options);
            last = null;
            switch (name)
            {
                case "SET" when SetOf(words, now, commands.Place) is { } one:
                    last = one;
                    break;
                case "SETEX" or "PSETEX" when words.Length == 4 && Number(words[2]) is { } number && TimeOf(name[0] == 'P' ? "PX" : "EX", number, now) is { } expiresAt:
                    last = new Pending(commands.Place, words[1], words[3], expiresAt);
                    break;
                case "MSET" when words.Length % 2 == 1:
                    for (var i = 1; i < words.Length; i += 2)
                        yield return ItemOf(new Pending(commands.Place, words[i], words[i + 1], null), options);
                    break;
                case "SELECT" when words.Length == 2 && words[1] is not [(byte)'0']:
                    throw new KvFailure(ExitCode.Usage, $"{source.Name} has entries of database {Visible.Line(words[1])} at {commands.Place}. Keys of several databases would be mixed: import one file for each, with --prefix.");
                case "SELECT":
                    break;
                case var ignored when Ignored.Contains(ignored, StringComparer.Ordinal):
                    break;
                default:
                    yield return ImportItem.Failed(commands.Place, $"{Visible.Line(Visible.Cut(name, 20))} is not the storing of a string: only SET, SETEX, PSETEX and MSET are, and EXPIREAT and the like directly after them.");
                    break;
            }
        }

        if (last is { } final)
            yield return ItemOf(final, options);
    }

    private static ImportItem ItemOf(Pending set, ImportOptions options) => set.Key.Length > 0 && EntryJson.IsText(set.Key)
        ? ImportItem.Of(set.Place, Encoding.UTF8.GetString(set.Key), set.Value, options, set.ExpiresAt)
        : ImportItem.Failed(set.Place, "Its key is empty or not UTF-8, which keys of KvStore are.");

    // Null if its options depend on what is stored.
    private static Pending? SetOf(byte[][] words, DateTimeOffset now, string place)
    {
        if (words.Length < 3)
            return null;
        var set = new Pending(place, words[1], words[2], null);
        for (var i = 3; i < words.Length; i += 2)
        {
            if (i + 1 == words.Length || Number(words[i + 1]) is not { } number || TimeOf(Encoding.UTF8.GetString(words[i]).ToUpperInvariant(), number, now) is not { } time)
                return null;
            set = set with { ExpiresAt = time };
        }

        return set;
    }

    private static DateTimeOffset? ExpiryOf(string name, byte[][] words, byte[] key, DateTimeOffset now)
    {
        var unit = name switch { "EXPIRE" => "EX", "PEXPIRE" => "PX", "EXPIREAT" => "EXAT", "PEXPIREAT" => "PXAT", _ => null };
        return unit is not null && words.Length == 3 && words[1].AsSpan().SequenceEqual(key) && Number(words[2]) is { } number ? TimeOf(unit, number, now) : null;
    }

    // Times of .NET end with the year 9999.
    private static DateTimeOffset? TimeOf(string unit, long number, DateTimeOffset now) => unit switch
    {
        "EX" when number < 10_000_000_000 => now + TimeSpan.FromSeconds(number),
        "PX" when number < 10_000_000_000_000 => now + TimeSpan.FromMilliseconds(number),
        "EXAT" when number < 253_402_300_800 => DateTimeOffset.FromUnixTimeSeconds(number),
        "PXAT" when number < 253_402_300_800_000 => DateTimeOffset.FromUnixTimeMilliseconds(number),
        _ => null,
    };

    private static long? Number(byte[] word) => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static async Task<byte[][]?> NextAsync(SourceStream source, RedisReader commands, CancellationToken cancellationToken)
    {
        try
        {
            return await commands.ReadAsync(cancellationToken);
        }
        catch (FormatException exception)
        {
            var hint = source.Name.EndsWith(".rdb", StringComparison.Ordinal) ? " An RDB file is no list of commands." : "";
            throw new KvFailure(ExitCode.Usage, $"{source.Name} has no commands of Redis at {commands.Place}: {exception.Message}{hint}", exception);
        }
    }
}
