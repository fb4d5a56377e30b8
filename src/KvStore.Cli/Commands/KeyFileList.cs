using System.Text.Json.Serialization;

namespace KvStore.Cli;

/// <summary>Prints what a key file says of its keys, but not their hashes. The service checks such a file; this only reads it.</summary>
internal static class KeyFileList
{
    public static async Task<ExitCode> PrintAsync(Session session, string name, CancellationToken cancellationToken)
    {
        await using var source = await SourceStream.OpenAsync(name, cancellationToken);
        var file = await ReadAsync(source, cancellationToken);
        if (session.IsJson)
        {
            foreach (var key in file.Keys)
                session.WriteJson(json => JsonSerializer.Serialize(json, key, KeyFileJson.Default.ListedKey));
            return ExitCode.Done;
        }

        var now = TimeProvider.System.GetUtcNow();
        var table = new Table(session.Out, "NAME", "RIGHTS", "PREFIXES", "EXPIRES");
        foreach (var key in file.Keys)
        {
            var expiry = key.Expires is not { } at ? "never" : at <= now ? session.Out.Paint(Color.Red, $"{Units.Time(at)}, expired") : Units.Time(at);
            table.Add(Visible.Line(key.Name), string.Join(',', key.Rights), key.Prefixes is { Length: > 0 } prefixes ? Visible.Line(string.Join(' ', prefixes)) : "all keys", expiry);
        }

        table.Print();
        return ExitCode.Done;
    }

    private static async Task<ListedKeys> ReadAsync(SourceStream source, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(source, KeyFileJson.Default.ListedKeys, cancellationToken) ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw new KvFailure(ExitCode.Usage, $"{source.Name} is no key file, an object whose keys have names and rights: {exception.Message}", exception);
        }
    }
}

internal sealed record ListedKeys(ListedKey[] Keys);

internal sealed record ListedKey(string Name, string[] Rights, string[]? Prefixes = null, DateTimeOffset? Expires = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ListedKeys))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
