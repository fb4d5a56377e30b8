namespace KvStore.Cli;

/// <summary>The forms of files that can be imported.</summary>
internal static class ImportFormat
{
    public const string Lines = "ndjson";
    public const string Consul = "consul";
    public const string Etcd = "etcd";
    public const string Env = "env";
    public const string Redis = "redis";

    public static readonly string[] All = [Lines, Consul, Etcd, Env, Redis];

    /// <summary>The entries of a file.</summary>
    /// <exception cref="KvFailure">The file has another form.</exception>
    public static IAsyncEnumerable<ImportItem> ReadAsync(string format, SourceStream source, ImportOptions options, CancellationToken cancellationToken) => format switch
    {
        Lines => ExportLines.ReadAsync(source, options, cancellationToken),
        Consul => ConsulFile.ReadAsync(source, options, cancellationToken),
        Etcd => EtcdFile.ReadAsync(source, options, cancellationToken),
        Env => EnvFile.ReadAsync(source, options, cancellationToken),
        _ => RedisFile.ReadAsync(source, options, cancellationToken),
    };

    /// <summary>The format that the beginning of a file has; null if that is ambiguous.</summary>
    public static string? Detect(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("\uFEFF"u8))
            head = head[3..];
        head = head.TrimStart(" \t\r\n"u8);
        if (head.IsEmpty)
            return null;
        return head[0] switch
        {
            (byte)'[' => Consul,
            (byte)'{' => OfObject(head),
            (byte)'*' => Redis,
            _ => OfText(head),
        };
    }

    // The first member tells lines of an export, {"key":...}, from the one object of etcdctl, {"header":...,"kvs":[...]}.
    private static string? OfObject(ReadOnlySpan<byte> head)
    {
        var reader = new Utf8JsonReader(head, isFinalBlock: false, default);
        try
        {
            if (!reader.Read() || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
                return null;
        }
        catch (JsonException)
        {
            return null;
        }

        return reader.ValueSpan switch
        {
            var name when name.SequenceEqual("header"u8) || name.SequenceEqual("kvs"u8) => Etcd,
            _ => Lines,
        };
    }

    private static string? OfText(ReadOnlySpan<byte> head)
    {
        foreach (var range in head.Split((byte)'\n'))
        {
            var line = Encoding.UTF8.GetString(head[range]).Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (EnvFile.IsAssignment(line))
                return Env;
            return RedisFile.IsCommand(line) ? Redis : null;
        }

        return null;
    }
}
