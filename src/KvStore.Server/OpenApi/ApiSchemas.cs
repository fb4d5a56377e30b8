using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The schemas of bodies that are written by hand, by their names in the document's components.</summary>
internal static class ApiSchemas
{
    public const string Problem = "Problem";
    public const string Page = "Page";
    public const string Item = "Item";
    public const string Deleted = "Deleted";
    public const string Transaction = "Transaction";
    public const string TransactionResult = "TransactionResult";
    public const string Batch = "Batch";
    public const string BatchResult = "BatchResult";
    public const string ImportResult = "ImportResult";
    public const string Person = "Person";
    public const string PersonUpdate = "PersonUpdate";

    public const string Checkpoint = "Checkpoint";

    /// <summary>Adds them all to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(Problem, Object("An error (RFC 9457).", ["type", "title", "status", "detail"],
            ("type", JsonSchemaType.String, "The stable name of the error: a heading of docs/http-api.md."),
            ("title", JsonSchemaType.String, "What is wrong, the same for every occurrence."),
            ("status", JsonSchemaType.Integer, "The HTTP status."),
            ("detail", JsonSchemaType.String, "What is wrong this time, and what to do."),
            ("field", JsonSchemaType.String, "The part of the request that was wrong."),
            ("oldest_revision", JsonSchemaType.Integer, "With 410: the oldest revision that can be read now."),
            ("failed", JsonSchemaType.Array, "With 412 of a transaction: the `field`, the `key` and the current `revision` (or null) of every guard that does not hold."),
            ("outcome", JsonSchemaType.String, "With a write that failed on the service's side: `not-applied` (safe to retry) or `unknown`.")));

        document.AddComponent(Item, Object("An entry in a listing.", ["key", "revision", "created_revision", "version", "content_type", "size", "modified_at"],
            ("key", JsonSchemaType.String, "The key."),
            ("revision", JsonSchemaType.Integer, "The revision that last wrote it: its ETag without the quotes."),
            ("created_revision", JsonSchemaType.Integer, "The revision that created it."),
            ("version", JsonSchemaType.Integer, "How many writes it has had since it was created."),
            ("content_type", JsonSchemaType.String, "The media type that it was stored with."),
            ("size", JsonSchemaType.Integer, "Bytes of the value."),
            ("modified_at", JsonSchemaType.String, "When it was last written (RFC 3339)."),
            ("expires_at", JsonSchemaType.String, "When it will be deleted; absent when it stays."),
            ("json", null, "The value, if it is JSON by its media type."),
            ("text", JsonSchemaType.String, "The value, if it is UTF-8 text by its media type."),
            ("base64", JsonSchemaType.String, "The value, if it is anything else.")));

        var page = Object("Entries of one snapshot, or how many there are.", ["revision"],
            ("revision", JsonSchemaType.Integer, "The revision of the snapshot."),
            ("count", JsonSchemaType.Integer, "How many entries there are; with `count_only=true`, and then alone."),
            ("cursor", JsonSchemaType.String, "Where to go on; absent on the last page."));
        page.Properties!["items"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Description = "The entries, in the order of their keys; absent with `count_only=true`.",
            Items = new OpenApiSchemaReference(Item, document),
        };
        page.Properties["prefixes"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Description = "The common prefixes of the keys that are no items, in order; only with `delimiter`.",
            Items = new OpenApiSchema { Type = JsonSchemaType.String },
        };
        document.AddComponent(Page, page);

        document.AddComponent(Checkpoint, Object("A checkpoint that there is now.", ["revision", "entries", "bytes", "file", "duration_seconds"],
            ("revision", JsonSchemaType.Integer, "The revision whose entries it holds."),
            ("entries", JsonSchemaType.Integer, "How many entries it holds."),
            ("bytes", JsonSchemaType.Integer, "Bytes of the file."),
            ("file", JsonSchemaType.String, "The file's name in the data directory."),
            ("duration_seconds", JsonSchemaType.Number, "How long this request took.")));

        document.AddComponent(Deleted, Object("What was deleted.", ["revision", "deleted"],
            ("revision", JsonSchemaType.Integer, "The revision at which it was deleted; the latest one when there was nothing."),
            ("deleted", JsonSchemaType.Integer, "How many entries.")));

        AddBulk(document);
        document.AddComponent(PersonUpdate, Object("A person to store.", ["id", "name"],
            ("id", JsonSchemaType.Integer, "The person's id, 64 bits."),
            ("name", JsonSchemaType.String, "The person's name.")));
        document.AddComponent(Person, Object("A person.", ["id", "name", "updatedAt"],
            ("id", JsonSchemaType.Integer, "The person's id, 64 bits."),
            ("name", JsonSchemaType.String, "The person's name."),
            ("updatedAt", JsonSchemaType.String, "When the person was stored (RFC 3339).")));
    }

    private static void AddBulk(OpenApiDocument document)
    {
        document.AddComponent(Transaction, Object("Guards and operations.", ["operations"],
            ("guards", JsonSchemaType.Array, "What must hold, at most 100: `key` and one of `revision` (0: there is no entry) and `exists`."),
            ("operations", JsonSchemaType.Array, "What is done, at most 100: each one of `put`, `delete`, `get` and `move`.")));
        document.AddComponent(TransactionResult, Object("What a transaction did.", ["revision", "results"],
            ("revision", JsonSchemaType.Integer, "The revision of the transaction; of the state that was read, if it changed nothing."),
            ("results", JsonSchemaType.Array, "A result for each operation, in their order.")));
        document.AddComponent(Batch, Object("Keys.", ["keys"],
            ("keys", JsonSchemaType.Array, "The keys to read, at most 1,000.")));

        var result = Object("Entries of one snapshot.", ["revision", "items", "missing"],
            ("revision", JsonSchemaType.Integer, "The revision of the snapshot."),
            ("missing", JsonSchemaType.Array, "Keys that have no entry."));
        result.Properties!["items"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Items = new OpenApiSchemaReference(Item, document),
        };
        document.AddComponent(BatchResult, result);

        document.AddComponent(ImportResult, Object("What came of an import.", ["revision", "imported", "expired", "failed", "errors"],
            ("revision", JsonSchemaType.Integer, "The revision that has all of it."),
            ("imported", JsonSchemaType.Integer, "Entries that were stored."),
            ("expired", JsonSchemaType.Integer, "Entries that were not stored because their time had come already."),
            ("failed", JsonSchemaType.Integer, "Lines that are no entries."),
            ("errors", JsonSchemaType.Array, "The first of those: each with its `line` and a `detail`.")));
    }

    private static OpenApiSchema Object(string description, string[] required, params (string Name, JsonSchemaType? Type, string Description)[] members) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Required = new HashSet<string>(required),
        Properties = members.ToDictionary(
            member => member.Name,
            IOpenApiSchema (member) => new OpenApiSchema
            {
                Type = member.Type,
                Format = member switch
                {
                    { Type: JsonSchemaType.Integer } => "int64",
                    { Description: var text } when text.Contains("RFC 3339", StringComparison.Ordinal) => "date-time",
                    _ => null,
                },
                Description = member.Description,
            }),
    };
}
