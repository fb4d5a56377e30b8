using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>A person in a request.</summary>
internal sealed record PersonBody(long? Id = null, string? Name = null)
{
    public static Problem? TryParse(ReadOnlySpan<byte> utf8, out PersonBody body)
    {
        body = new PersonBody();
        if (utf8.IsEmpty)
            return IdProblem;

        // The serializer does not validate members that it ignores.
        if (!Utf8.IsValid(utf8))
            return Problems.MalformedRequest("The body is not UTF-8.", "body");
        try
        {
            body = JsonSerializer.Deserialize(utf8, PersonJson.Instance.PersonBody) ?? body;
        }
        catch (JsonException exception)
        {
            return exception.Path switch
            {
                "$.id" => IdProblem,
                "$.name" => NameProblem,
                _ => Problems.MalformedRequest("The body is not a JSON object such as {\"id\": 100}"
                    + $" (line {exception.LineNumber + 1 ?? 1}, byte {exception.BytePositionInLine + 1 ?? 1}).", "body"),
            };
        }

        return body.Id is null ? IdProblem : null;
    }

    public static Problem IdProblem { get; } =
        Problems.MalformedRequest("Give the person's id as a whole number of at most 64 bits, such as {\"id\": 100} or ?id=100.", "id");

    public static Problem NameProblem { get; } =
        Problems.MalformedRequest("Give the person's name as a JSON string.", "name");
}

/// <summary>A person in the store and in answers.</summary>
internal sealed record Person(long Id, string Name, DateTime UpdatedAt);

[JsonSerializable(typeof(PersonBody))]
[JsonSerializable(typeof(Person))]
internal sealed partial class PersonJson : JsonSerializerContext
{
    public static PersonJson Instance { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        AllowDuplicateProperties = false,
        Encoder = JsonWriting.Options.Encoder,
    });
}
