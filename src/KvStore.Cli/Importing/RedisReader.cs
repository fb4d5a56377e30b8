namespace KvStore.Cli;

/// <summary>
/// Reads commands of Redis as <c>redis-cli --pipe</c> and the server take them: in its protocol (RESP), which is binary safe and the form of an append-only file, or as lines with words, in
/// quotes or not, as people type them.
/// </summary>
internal sealed class RedisReader(LineReader lines)
{
    // What the protocol allows, and Redis's own default limit of a bulk string.
    private const int WordsMax = 1 << 20;
    private const int BulkBytesMax = 512 << 20;

    private long _count;

    /// <summary>Where the last command was.</summary>
    public string Place { get; private set; } = "";

    /// <summary>The words of the next command; null at the end.</summary>
    /// <exception cref="FormatException">It is no command.</exception>
    public async Task<byte[][]?> ReadAsync(CancellationToken cancellationToken)
    {
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            // Append-only files of Redis have lines with times, which begin with #.
            if (line.IsEmpty || line.Span[0] == '#')
                continue;
            Place = string.Create(CultureInfo.InvariantCulture, $"command {++_count}");
            return line.Span[0] == '*' ? await ReadArrayAsync(Number(line.Span[1..], WordsMax), cancellationToken) : Words(line.Span);
        }

        return null;
    }

    private async Task<byte[][]> ReadArrayAsync(int count, CancellationToken cancellationToken)
    {
        var words = new List<byte[]>();
        for (var i = 0; i < count; i++)
        {
            var length = await lines.ReadLineAsync(cancellationToken) is { IsEmpty: false } header && header.Span[0] == '$'
                ? Number(header.Span[1..], BulkBytesMax)
                : throw new FormatException("a word does not begin with $ and its length. Was the file cut off, or changed by an editor?");
            var word = await lines.ReadAsync(length + 2, cancellationToken);
            if (word.Length < length + 2 || !word.Span.EndsWith("\r\n"u8))
                throw new FormatException("a word is not as long as it says. Was the file cut off, or changed by an editor?");
            words.Add(word.Span[..length].ToArray());
        }

        return [.. words];
    }

    private static int Number(ReadOnlySpan<byte> text, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max ? number : throw new FormatException($"{Visible.Line(text)} is no length.");

    // The quoting of redis-cli: in double quotes \n, \r, \t, \b, \a, \xHH and \ before any other byte; in single quotes only \'.
    private static byte[][] Words(ReadOnlySpan<byte> line)
    {
        var words = new List<byte[]>();
        for (var i = 0; i < line.Length;)
        {
            if (line[i] is (byte)' ' or (byte)'\t')
            {
                i++;
                continue;
            }

            var word = new List<byte>();
            if (line[i] is (byte)'"' or (byte)'\'')
                i = ReadQuoted(line, i, word);
            else
                for (; i < line.Length && line[i] is not ((byte)' ' or (byte)'\t'); i++)
                    word.Add(line[i]);
            words.Add([.. word]);
        }

        return [.. words];
    }

    private static int ReadQuoted(ReadOnlySpan<byte> line, int start, List<byte> word)
    {
        var quote = line[start];
        for (var i = start + 1; i < line.Length; i++)
        {
            if (line[i] == quote)
                return i + 1 == line.Length || line[i + 1] is (byte)' ' or (byte)'\t' ? i + 1 : throw new FormatException("something follows a quote without a space.");
            if (line[i] != '\\' || i + 1 == line.Length || (quote == '\'' && line[i + 1] != '\''))
                word.Add(line[i]);
            else
                i = ReadEscape(line, i + 1, word);
        }

        throw new FormatException("a quote does not end.");
    }

    private static int ReadEscape(ReadOnlySpan<byte> line, int at, List<byte> word)
    {
        if (line[at] == 'x' && at + 2 < line.Length && byte.TryParse(line.Slice(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            word.Add(value);
            return at + 2;
        }

        word.Add(line[at] switch { (byte)'n' => (byte)'\n', (byte)'r' => (byte)'\r', (byte)'t' => (byte)'\t', (byte)'b' => (byte)'\b', (byte)'a' => (byte)'\a', var other => other });
        return at;
    }
}
