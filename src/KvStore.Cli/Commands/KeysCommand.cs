using System.Buffers.Text;
using System.Security.Cryptography;

namespace KvStore.Cli;

/// <summary>
/// <c>kv keys</c>: keys for a service, without one. <c>new</c> makes a key and its entry of the key file, for settings that are kept elsewhere than on the machine of the service; there,
/// <c>KvStore.Server keys</c> changes the file itself, under its lock.
/// </summary>
internal static class KeysCommand
{
    private const string TokenPrefix = "kv_";
    private const int RandomBytes = 32;

    private static readonly string[] RightNames = ["read", "write", "delete", "admin"];

    public static Command Create() => new("keys", "Make keys for services, and see what a key file has; asks no service") { CreateNew(), CreateHash(), CreateList() };

    private static Command CreateNew()
    {
        var name = new Option<string>("--name") { HelpName = "NAME", Required = true, Description = "Its name in logs: 1 to 100 printable ASCII characters without spaces" };
        var rights = new Option<string>("--rights") { HelpName = "RIGHTS", Required = true, Description = "Some of read,write,delete,admin" };
        rights.CompletionSources.Add(RightNames);
        var prefixes = new Option<string[]>("--prefix") { HelpName = Symbols.PrefixName, Description = "Only for keys that start with this; may be given several times" };
        var expires = GlobalOptions.NewDuration("--expires", "It is not accepted after this time, such as 90d", TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650));
        var command = new Command("new", "Print a new key, and what the key file of the service has to say of it") { name, rights, prefixes, expires };
        command.Run((session, _) =>
        {
            var arguments = session.Arguments;
            var names = arguments.GetRequiredValue(rights).Split(',', StringSplitOptions.TrimEntries);
            if (names.FirstOrDefault(right => !RightNames.Contains(right, StringComparer.Ordinal)) is { } wrong)
                throw new KvFailure(ExitCode.Usage, $"{(wrong.Length == 0 ? "Nothing" : wrong)} is no right; these are: {string.Join(", ", RightNames)}.{Spelling.Suggest(wrong, RightNames)}");
            if (arguments.GetRequiredValue(name) is var given && (given.Length is 0 or > 100 || given.AsSpan().ContainsAnyExceptInRange('!', '~')))
                throw new KvFailure(ExitCode.Usage, "--name must be 1 to 100 printable ASCII characters without spaces.");
            Print(session, new NewKey(given, names, arguments.GetValue(prefixes) ?? [], arguments.GetValue(expires)));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private sealed record NewKey(string Name, string[] Rights, string[] Prefixes, TimeSpan? Lifetime);

    private static void Print(Session session, NewKey key)
    {
        var token = TokenPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
        if (session.IsJsonAskedFor)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("key"u8, token);
                json.WritePropertyName("entry"u8);
                Write(json, key, token);
                json.WriteEndObject();
            });
            return;
        }

        // The key alone, so that KEY=$(kv keys new ...) works.
        session.Out.Line(token);
        session.Out.Flush();
        using var entry = new MemoryStream();
        using (var json = new Utf8JsonWriter(entry, Session.JsonOptions))
            Write(json, key, token);
        session.Error.Line("The line above is the key; it cannot be shown again. Add this to \"keys\" of the service's key file:");
        session.Error.Line(Encoding.UTF8.GetString(entry.ToArray()));
        session.Error.Flush();
    }

    private static void Write(Utf8JsonWriter json, NewKey key, string token)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, key.Name);
        json.WriteString("hash"u8, HashOf(token));
        WriteTexts(json, "rights", key.Rights);
        if (key.Prefixes.Length > 0)
            WriteTexts(json, "prefixes", key.Prefixes);
        if (key.Lifetime is { } lifetime)
            json.WriteString("expires"u8, (TimeProvider.System.GetUtcNow() + lifetime).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, string[] texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static Command CreateHash()
    {
        var command = new Command("hash", "Read a key from standard input, and print the hash that a key file has of it");
        command.Run(async (session, cancellationToken) =>
        {
            var token = await Screen.ReadSecretAsync(session.Error, "Key: ", cancellationToken);
            if (token.Length != TokenPrefix.Length + Base64Url.GetEncodedLength(RandomBytes) || !token.StartsWith(TokenPrefix, StringComparison.Ordinal))
                throw new KvFailure(ExitCode.Usage, "This is no key: one is kv_ and 43 letters, digits, - and _.");
            session.Out.Line(HashOf(token));
            return ExitCode.Done;
        });
        return command;
    }

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token)));

    private static Command CreateList()
    {
        var file = new Argument<string>("FILE") { Description = "The key file of a service" };
        var command = new Command("list", "Print the names, rights, prefixes and expiry of the keys in a key file") { file };
        command.Run(async (session, cancellationToken) => await KeyFileList.PrintAsync(session, session.Arguments.GetRequiredValue(file), cancellationToken));
        return command;
    }
}
