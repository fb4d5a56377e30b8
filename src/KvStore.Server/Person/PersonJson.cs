using System.Text.Json.Serialization;

namespace KvStore.Server;

/// <summary>A person in a request. Members besides these are ignored, as the original service did.</summary>
internal sealed record PersonBody(long? Id = null, string? Name = null)
{
    private const string Example = "a JSON object such as {\"id\": 100}";

    public static Problem? TryParse(ReadOnlySpan<byte> bytes, out PersonBody body)
    {
        body = new PersonBody();
        if (TextInput.TryOpen(bytes, Example, out var utf8) is { } problem)
            return problem;
        try
        {
            return TryRead(utf8, ref body);
        }
        catch (JsonException)
        {
            return JsonText.NotJson(utf8);
        }
    }

    public static Problem IdProblem { get; } =
        Problems.MalformedRequest("Give the person's id as a whole number of at most 64 bits, such as {\"id\": 100} or ?id=100.", "id");

    public static Problem NameProblem { get; } =
        Problems.MalformedRequest("Give the person's name as a JSON string.", "name");

    private static Problem? TryRead(ReadOnlySpan<byte> utf8, ref PersonBody body)
    {
        var reader = new Utf8JsonReader(utf8, JsonText.ReaderOptions);
        var seen = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest($"Send {Example}.", "body");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, "id"u8) ? JsonText.Once(ref seen, 1, "id") ?? TryReadId(ref reader, ref body)
                : JsonText.IsOn(ref reader, "name"u8) ? JsonText.Once(ref seen, 2, "name") ?? TryReadName(ref reader, ref body)
                : null;
            if (problem is not null)
                return problem;
            reader.Skip();
        }

        // Throws if anything follows the object.
        reader.Read();
        return body.Id is null ? IdProblem : null;
    }

    private static Problem? TryReadId(ref Utf8JsonReader reader, ref PersonBody body)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var id))
            return IdProblem;
        body = body with { Id = id };
        return null;
    }

    // A read ignores the name, so null is for an update to reject.
    private static Problem? TryReadName(ref Utf8JsonReader reader, ref PersonBody body)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.String)
            return NameProblem;
        var problem = JsonString.TryGet(ref reader, "name", out var name);
        body = body with { Name = Encoding.UTF8.GetString(name.Utf8) };
        return problem;
    }
}

/// <summary>A person in the store and in answers.</summary>
internal sealed record Person(long Id, string Name, string UpdatedAt)
{
    /// <param name="id">The id.</param>
    /// <param name="name">The name.</param>
    /// <param name="ticks">The ticks of the time, in UTC.</param>
    public static Person At(long id, string name, long ticks) => new(id, name, new DateTime(ticks, DateTimeKind.Utc).ToString("O", CultureInfo.InvariantCulture));
}

[JsonSerializable(typeof(Person))]
internal sealed partial class PersonJson : JsonSerializerContext
{
    public static PersonJson Instance { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JsonWriting.Options.Encoder,
    });
}
