namespace KvStore.Cli;

/// <summary>Which service a command asks, and with which key. Immutable.</summary>
/// <param name="Address">The address.</param>
/// <param name="Key">The key; null for none.</param>
/// <param name="Source">Where the address comes from, for messages.</param>
internal sealed record Destination(Uri Address, string? Key, string Source)
{
    private const string Default = "http://localhost:8080";

    /// <summary>
    /// Decides by what was given, most explicit first: <c>--url</c>, <c>--profile</c>, <c>KVSTORE_URL</c>, <c>KVSTORE_PROFILE</c>, the profile in use, and the default. A key comes from
    /// <c>--key-file</c>, from the profile that has the address, or from <c>KVSTORE_KEY</c>: a profile's key is never sent to another address.
    /// </summary>
    public static Destination Resolve(string? url, string? profile, string? keyFile)
    {
        if (url is not null && profile is not null)
            throw new KvFailure(ExitCode.Usage, "Give --url or --profile, not both: a profile has its own address.");
        var (address, source, chosen) = Locate(url, profile);
        var key = keyFile is not null ? ReadKey(keyFile) : chosen?.Key ?? (Environment.GetEnvironmentVariable("KVSTORE_KEY") is { Length: > 0 } given ? CheckKey(given, "KVSTORE_KEY") : null);
        return new Destination(ParseAddress(address, source), key, source);
    }

    /// <summary>Reads an address.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">Where it comes from, for the message if it is none.</param>
    public static Uri ParseAddress(string text, string source)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Query.Length == 0 && address.UserInfo.Length == 0)
            return address;
        var suggestion = !text.Contains("://", StringComparison.Ordinal) && Uri.TryCreate("http://" + text, UriKind.Absolute, out _) ? $" Did you mean http://{text}?" : "";
        throw new KvFailure(ExitCode.Usage, $"{text}, from {source}, is not the address of a service; one looks like {Default}.{suggestion}");
    }

    /// <summary>Reads a key from a file: its first line.</summary>
    public static string ReadKey(string file)
    {
        try
        {
            return CheckKey(File.ReadLines(file).FirstOrDefault("").Trim(), file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KvFailure(ExitCode.Usage, $"The key cannot be read from {file}: {exception.Message}");
        }
    }

    /// <summary>Checks that a header can carry a key.</summary>
    public static string CheckKey(string key, string source) => key.Length > 0 && !key.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? key
        : throw new KvFailure(ExitCode.Usage, $"There is no key in {source}: one is a single line of printable characters without spaces, such as kv_ and 43 characters.");

    private static (string Address, string Source, Profile? Profile) Locate(string? url, string? profile)
    {
        if (url is not null)
            return (url, "--url", null);
        if (profile is null && Environment.GetEnvironmentVariable("KVSTORE_URL") is { Length: > 0 } environment)
            return (environment, "KVSTORE_URL", null);
        var profiles = ProfileFile.Read();
        var name = profile ?? (Environment.GetEnvironmentVariable("KVSTORE_PROFILE") is { Length: > 0 } given ? given : profiles.Current);
        if (name is null)
            return (Default, "the default", null);
        return profiles.Profiles.TryGetValue(name, out var found)
            ? (found.Url, $"the profile {name}", found)
            : throw new KvFailure(ExitCode.Usage, profiles.Profiles.Count == 0
                ? $"There is no profile {name}: {ProfileFile.Location} has none yet. Add one with: kv profile add {name} URL"
                : $"There is no profile {name}. These are in {ProfileFile.Location}: {string.Join(", ", profiles.Profiles.Keys)}.{Spelling.Suggest(name, profiles.Profiles.Keys)}");
    }
}
