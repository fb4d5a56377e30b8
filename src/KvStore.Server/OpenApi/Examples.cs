namespace KvStore.Server;

/// <summary>
/// The keys and values that Swagger UI fills in. They work on an empty store, one operation after the other, and name nothing that a
/// user is likely to have, because <i>Execute</i> sends them to the real store.
/// </summary>
internal static class Examples
{
    /// <summary>The prefix of every example key.</summary>
    public const string Prefix = "example/";

    /// <summary>The key that is stored, read, patched and deleted.</summary>
    public const string Entry = Prefix + "ada";

    public const string Counter = Prefix + "visits";

    /// <summary>A mergeable value.</summary>
    public const string Mergeable = Prefix + "likes";

    /// <summary>A prefix to append below.</summary>
    public const string Queue = Prefix + "queue/";

    /// <summary>A prefix to delete, which no example stores anything below.</summary>
    public const string DeletedPrefix = Prefix + "old/";

    /// <summary>The person that is stored and read. Ids that are assigned from 1 do not include it.</summary>
    public const long Person = -1;

    public static JsonObject Value => new() { ["name"] = "Ada", ["city"] = "London" };

    public static JsonObject Patch => new() { ["city"] = null, ["born"] = 1815 };

    /// <summary>An entry in a listing.</summary>
    public static JsonObject Item => new()
    {
        ["key"] = Entry,
        ["revision"] = 7,
        ["created_revision"] = 3,
        ["version"] = 2,
        ["content_type"] = ContentTypes.Json,
        ["size"] = 30,
        ["modified_at"] = "2026-01-31T12:00:00.123Z",
        ["json"] = Value,
    };
}
