using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>
/// Reads what clients send as JSON: strictly, and so that every problem names the member that is wrong. The text has to be UTF-8,
/// because a reader does not look into what it passes over.
/// </summary>
internal static class JsonText
{
    // The name of an unknown member is repeated to the client only if that is of use to anybody.
    private const int ShownBytesMax = 64;

    /// <summary>64 levels, as most readers have it; neither comments nor trailing commas.</summary>
    public static JsonReaderOptions ReaderOptions { get; } = new() { MaxDepth = 64 };

    /// <summary>The problem that a body is no JSON.</summary>
    public static Problem NotJson(JsonException exception) => Problems.MalformedRequest(
        $"The body is not JSON of at most {ReaderOptions.MaxDepth} levels (line {exception.LineNumber + 1 ?? 1}, byte {exception.BytePositionInLine + 1 ?? 1}).", "body");

    /// <summary>Reads the whole body of a request that has to be JSON.</summary>
    /// <returns>The body, or what is wrong.</returns>
    public static async ValueTask<(byte[] Body, Problem? Problem)> ReadBodyAsync(HttpContext context, KvStoreOptions options)
    {
        if (!ContentTypes.IsJson(context.Request.ContentType ?? ContentTypes.Json))
            return ([], Problems.UnsupportedMediaType("Send JSON, with the header Content-Type: application/json."));

        // What is over the queue's limit could never be admitted.
        var bytesMax = Math.Min(options.JsonBodyBytesMax, options.Store.QueueBytesMax);

        // The bytes of the body are counted here, whatever the framing of its chunks takes.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        return await RequestBody.ReadAsync(context, options, bytesMax) is { } body ? (body, null) : ([], Problems.TooLarge(bytesMax));
    }

    /// <summary>Notes that a member has come.</summary>
    /// <param name="seen">The members that have come, a bit each.</param>
    /// <param name="bit">The member's bit.</param>
    /// <param name="name">Its name.</param>
    /// <returns>What is wrong, or null: it has come before.</returns>
    public static Problem? Once(ref int seen, int bit, string name)
    {
        var isFirst = (seen & bit) == 0;
        seen |= bit;
        return isFirst ? null : Twice(name);
    }

    /// <summary>The problem that a member has come before.</summary>
    public static Problem Twice(string name) => Problems.MalformedRequest("The member is given more than once. Give it once.", name);

    /// <summary>The problem that a member is not known.</summary>
    /// <param name="reader">Where the member's name is.</param>
    /// <param name="known">The members that are.</param>
    public static Problem Unknown(ref Utf8JsonReader reader, string known) =>
        Problems.MalformedRequest($"The member is not known; these are: {known}.",
            !reader.ValueIsEscaped && reader.ValueSpan.Length <= ShownBytesMax ? Encoding.UTF8.GetString(reader.ValueSpan) : "body");

    /// <summary>Reads a whole number.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static Problem? TryGetNumber(ref Utf8JsonReader reader, string name, long min, long max, out long number)
    {
        number = 0;
        reader.Read();
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out number) && number >= min && number <= max
            ? null
            : Problems.MalformedRequest(max == long.MaxValue ? $"Give a whole number of at least {min}." : $"Give a whole number from {min} to {max}.", name);
    }

    /// <summary>Reads true or false.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static Problem? TryGetFlag(ref Utf8JsonReader reader, string name, out bool flag)
    {
        reader.Read();
        flag = reader.TokenType == JsonTokenType.True;
        return flag || reader.TokenType == JsonTokenType.False ? null : Problems.MalformedRequest("Give true or false.", name);
    }

    /// <summary>The problem of a part, as that of the whole.</summary>
    public static Problem Below(string field, Problem problem) => problem with { Field = problem.Field is null ? field : $"{field}.{problem.Field}" };
}
