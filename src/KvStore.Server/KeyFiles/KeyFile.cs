namespace KvStore.Server;

/// <summary>
/// The file that has the keys: JSON, with the hash of each key, never the key itself. Every error is a sentence that names the file, the
/// place and the remedy.
/// </summary>
internal static class KeyFile
{
    private const int NameCharactersMax = 100;

    /// <summary>Reads a file.</summary>
    /// <returns>Its keys; none if there are problems, which are added.</returns>
    public static IReadOnlyList<KeyEntry> Read(string file, List<string> problems)
    {
        try
        {
            return Parse(file, File.ReadAllBytes(file), problems);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            problems.Add($"The key file {file} does not exist. Make a key with: keys new --name NAME --rights read,write --file {file}.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && Directory.Exists(file))
        {
            problems.Add(IsDirectory(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add($"The key file {file} cannot be read: {exception.Message.TrimEnd('.')}. The user {Environment.UserName} must be able to read it.");
        }

        return [];
    }

    public static string IsDirectory(string file) => $"The key file {file} is a directory. Name a file in it.";

    /// <summary>Parses the text of a file.</summary>
    /// <returns>Its keys; none if there are problems, which are added.</returns>
    public static IReadOnlyList<KeyEntry> Parse(string file, ReadOnlySpan<byte> bytes, List<string> problems)
    {
        var utf8 = TextInput.WithoutMark(bytes);
        if ((TextInput.IsBlank(utf8) ? "is empty." : TextInput.FaultOf(utf8)) is { } fault)
        {
            problems.Add($"{file} {fault} It must be JSON such as {{\"keys\": []}}.");
            return [];
        }

        try
        {
            return Check(file, JsonSerializer.Deserialize(utf8, KeyFileJson.Default.KeyFileModel)?.Keys, problems);
        }
        catch (JsonException exception)
        {
            problems.Add(ReasonOf(file, utf8, exception));
            return [];
        }
    }

    /// <summary>The text of a file with these keys.</summary>
    public static byte[] ToUtf8(IEnumerable<KeyEntry> keys) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(new KeyFileModel { Keys = [.. keys.Select(ModelOf)] }, KeyFileJson.Default.KeyFileModel), (byte)'\n'];

    /// <summary>Checks keys, which are from a file or from settings.</summary>
    public static IReadOnlyList<KeyEntry> Check(string source, IReadOnlyList<KeyModel>? models, List<string> problems)
    {
        var before = problems.Count;
        if (models is null)
            problems.Add($"{source} must have the member keys, an array, as in {{\"keys\": []}}.");
        var keys = new List<KeyEntry>();
        var (names, hashes) = (new Dictionary<string, int>(StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase));
        foreach (var model in models ?? [])
        {
            var number = keys.Count + 1;
            var place = $"{source}, key {number}{(IsName(model?.Name) ? $" ({model.Name})" : "")}";
            keys.Add(Check(model ?? new KeyModel(), fault => problems.Add($"{place}: {fault}")));
            if (model?.Name is { } name && !names.TryAdd(name, number))
                problems.Add($"{place}: key {names[name]} has the same name. Rename or remove one of them.");
            if (model?.Hash is { } hash && !hashes.TryAdd(hash, number))
                problems.Add($"{place}: key {hashes[hash]} has the same hash. Remove one of them.");
        }

        return problems.Count == before ? keys : [];
    }

    public static bool IsName([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] string? name) =>
        name is { Length: > 0 and <= NameCharactersMax } && !name.AsSpan().ContainsAnyExceptInRange('!', '~');

    public static string NameForm { get; } = $"1 to {NameCharactersMax} printable ASCII characters without spaces";

    public static bool IsPrefix(string? prefix) => prefix is { Length: > 0 } && !Key.HasControlCharacter(Encoding.UTF8.GetBytes(prefix));

    private static KeyEntry Check(KeyModel model, Action<string> reject)
    {
        if (!IsName(model.Name))
            reject($"name must be {NameForm}.");

        // Not repeated: it may be the key itself.
        var hash = model.Hash is { Length: KeyEntry.HashBytes * 2 } text && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;
        if (hash is null)
            reject($"hash must be the SHA-256 of the key in {KeyEntry.HashBytes * 2} hexadecimal digits. The command keys new makes both.");

        var rights = Rights.None;
        foreach (var name in model.Rights ?? [])
        {
            if (!RightsText.TryParse(name ?? "", out var right))
                reject($"rights must be some of {RightsText.All}. Given: {name}.");
            rights |= right;
        }

        if (rights == Rights.None)
            reject($"rights must be an array with at least one of {RightsText.All}.");
        if (model.Prefixes is { Count: 0 } || model.Prefixes?.All(IsPrefix) == false)
            reject("prefixes must be an array of texts of at least one character, without control characters. Omit prefixes for all keys.");

        DateTimeOffset? expiresAt = null;
        if (model.Expires is { } expires)
        {
            if (JsonTime.TryParse(Encoding.UTF8.GetBytes(expires), out var time) is { } fault)
                reject($"expires: {fault} Given: {expires}.");
            expiresAt = time;
        }

        var quotas = model.Quotas ?? Quotas.None;
        if (quotas.RequestsPerSecond <= 0 || quotas.BytesPerSecond <= 0 || quotas.Watchers < 0 || quotas.Transfers < 0)
            reject("quotas must be positive numbers; watchers and transfers may be 0.");

        return new KeyEntry(model.Name ?? "", hash ?? [], rights)
        {
            Prefixes = [.. (model.Prefixes ?? []).Select(prefix => prefix ?? "")],
            ExpiresAt = expiresAt,
            Quotas = quotas,
        };
    }

    // Text that a plain reader rejects is no JSON; JsonFault says it in words. Else it is JSON of another shape.
    private static string ReasonOf(string file, ReadOnlySpan<byte> utf8, JsonException exception)
    {
        var fault = JsonFault.Of(utf8, JsonText.ReaderOptions.MaxDepth);
        return fault.StartsWith("is not JSON at", StringComparison.Ordinal)
            ? $"{file} {fault}"
            : string.Create(CultureInfo.InvariantCulture, $"{file}, line {exception.LineNumber + 1}: {exception.Path} is unknown, repeated, or of the wrong type. A key has name, hash, rights, prefixes, expires and quotas; quotas have requests_per_second, bytes_per_second, watchers and transfers.");
    }

    private static KeyModel ModelOf(KeyEntry key)
    {
        var model = new KeyModel
        {
            Name = key.Name,
            Hash = Convert.ToHexStringLower(key.Hash.Span),
            Rights = [.. RightsText.NamesOf(key.Rights)],
            Quotas = key.Quotas == Quotas.None ? null : key.Quotas,
        };
        if (key.Prefixes.Count > 0)
            model.Prefixes = key.Prefixes;
        if (key.ExpiresAt is { } expiresAt)
            model.Expires = expiresAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return model;
    }
}
