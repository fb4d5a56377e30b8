namespace KvStore.Cli;

/// <summary>A value to store, as a command gets it: an argument, <c>@FILE</c>, or <c>-</c> for standard input.</summary>
/// <param name="Bytes">The value, byte for byte.</param>
/// <param name="ContentType">The media type that it probably has.</param>
internal sealed record ValueInput(ReadOnlyMemory<byte> Bytes, string ContentType)
{
    public const string Text = "text/plain; charset=utf-8";
    public const string Binary = "application/octet-stream";
    public const string Json = "application/json";

    public const string Forms = "the value itself, @FILE, or - for standard input";

    // Far above the service's default limit of a value, 1 MiB, which operators may raise. It bounds what a wrong file takes here.
    private const int BytesMax = 256 << 20;

    private static readonly Dictionary<string, string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        [".json"] = Json,
        [".txt"] = Text,
        [".md"] = "text/markdown; charset=utf-8",
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".csv"] = "text/csv; charset=utf-8",
        [".xml"] = "application/xml",
        [".yaml"] = "application/yaml",
        [".yml"] = "application/yaml",
        [".toml"] = "application/toml",
        [".js"] = "text/javascript; charset=utf-8",
        [".png"] = "image/png",
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".gif"] = "image/gif",
        [".svg"] = "image/svg+xml",
        [".webp"] = "image/webp",
        [".pdf"] = "application/pdf",
    };

    /// <summary>Reads a value.</summary>
    /// <param name="argument">The argument. Standard input has to be asked for: a script whose variable is empty would store nothing otherwise.</param>
    /// <param name="type">The media type that was asked for; null to choose one.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<ValueInput> ReadAsync(string argument, string? type, CancellationToken cancellationToken)
    {
        if (argument == "-")
            return Of(await ReadAsync(Console.OpenStandardInput(), "standard input", cancellationToken), type, null);
        if (!argument.StartsWith('@'))
            return Of(Encoding.UTF8.GetBytes(argument), type, null);
        var file = argument[1..];
        try
        {
            await using var stream = File.OpenRead(file);
            return Of(await ReadAsync(stream, file, cancellationToken), type, Path.GetExtension(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var reason = Directory.Exists(file) ? "it is a directory" : !File.Exists(file) ? "there is no such file" : exception.Message;
            throw new KvFailure(ExitCode.Usage, $"The value cannot be read from {(file.Length == 0 ? "a file without a name" : file)}: {reason}. A value that begins with @ itself has to come from standard input.", exception);
        }
    }

    /// <summary>A media type by its short name: json, text and binary.</summary>
    public static string? TypeOf(string? name) => name switch
    {
        "json" => Json,
        "text" => Text,
        "binary" => Binary,
        _ => name,
    };

    private static ValueInput Of(byte[] bytes, string? type, string? extension) =>
        new(bytes, TypeOf(type) ?? (extension is not null && Extensions.TryGetValue(extension, out var known) ? known : EntryJson.IsText(bytes) ? Text : Binary));

    private static async Task<byte[]> ReadAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        using var value = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            value.Write(buffer.AsSpan(0, count));
            if (value.Length > BytesMax)
                throw new KvFailure(ExitCode.Usage, $"The value in {name} is larger than {Units.Bytes(BytesMax)}. Is this the right file?");
        }

        return value.ToArray();
    }
}
