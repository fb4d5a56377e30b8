namespace KvStore.Server;

/// <summary>Reads the guards and operations of a transaction. The fields of problems are relative to the object that is read.</summary>
internal static class TransactionMembers
{
    private const string OperationShape = "Give an object with one member, which is put, delete, get or move, such as {\"put\": {\"key\": \"a\", \"text\": \"b\"}}.";
    private const string GuardShape = "Give an object such as {\"key\": \"a\", \"revision\": 7} or {\"key\": \"a\", \"exists\": true}.";

    public static Problem? TryReadGuard(ref Utf8JsonReader reader, KvStoreOptions options, out Guard? guard)
    {
        guard = null;
        Key key = default;
        var (hasCondition, revision, exists) = (false, 0L, false);
        if (reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest(GuardShape);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, "key"u8) ? TryReadKey(ref reader, options, "key", ref key)
                : JsonText.IsOn(ref reader, "revision"u8) ? TryBegin(ref hasCondition, "revision") ?? JsonText.TryGetNumber(ref reader, "revision", 0, long.MaxValue, out revision)
                : JsonText.IsOn(ref reader, "exists"u8) ? TryBegin(ref hasCondition, "exists") ?? JsonText.TryGetFlag(ref reader, "exists", out exists)
                : JsonText.Unknown(ref reader, "key, revision, exists");
            if (problem is not null)
                return problem;
        }

        if (key.Length == 0)
            return Problems.MalformedRequest(GuardShape, "key");
        guard = revision > 0 ? Guard.RevisionIn(key, revision) : exists ? Guard.Exists(key) : Guard.Absent(key);
        return hasCondition ? null : Problems.MalformedRequest(GuardShape, "revision");
    }

    public static string NameOf(Operation operation) => operation switch
    {
        Put => "put",
        Delete => "delete",
        Get => "get",
        _ => "move",
    };

    public static Problem? TryReadOperation(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, KvStoreOptions options, DateTimeOffset now, out Operation? operation)
    {
        operation = null;
        if (reader.TokenType != JsonTokenType.StartObject || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
            return Problems.MalformedRequest(OperationShape);
        if (NameAt(ref reader) is not { } name)
            return JsonText.Unknown(ref reader, "put, delete, get, move");

        reader.Read();
        var problem = reader.TokenType != JsonTokenType.StartObject ? Problems.MalformedRequest("Give an object.") : name == "put"
            ? TryReadPut(ref reader, utf8, options, now, out operation)
            : TryReadKeyed(ref reader, options, name, out operation);
        if (problem is not null)
            return JsonText.Below(name, problem);
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject ? null : Problems.MalformedRequest(OperationShape);
    }

    private static string? NameAt(ref Utf8JsonReader reader) =>
        JsonText.IsOn(ref reader, "put"u8) ? "put"
            : JsonText.IsOn(ref reader, "delete"u8) ? "delete"
            : JsonText.IsOn(ref reader, "get"u8) ? "get"
            : JsonText.IsOn(ref reader, "move"u8) ? "move"
            : null;

    private static Problem? TryReadPut(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, KvStoreOptions options, DateTimeOffset now, out Operation? operation)
    {
        operation = null;
        var members = default(EntryMembers);
        var (seen, seconds) = (0, 0L);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = members.TryTake(ref reader, utf8, out var malformed) ? malformed
                : JsonText.IsOn(ref reader, "ttl"u8) ? JsonText.Once(ref seen, 1, "ttl") ?? JsonText.TryGetNumber(ref reader, "ttl", 1, TimeToLive.SecondsMax, out seconds)
                : JsonText.Unknown(ref reader, EntryMembers.Known + ", ttl");
            if (problem is not null)
                return problem;
        }

        DateTimeOffset? expiresAt = seen == 0 ? null : now.AddSeconds(seconds);
        if (members.TryMake(options.KeyBytesMax, options.ValueBytesMax, expiresAt, out var draft) is { } unmade)
            return unmade;
        operation = new Put(draft);
        return ContentTypes.RejectMergeable(draft.ContentType, "content_type");
    }

    private static Problem? TryReadKeyed(ref Utf8JsonReader reader, KvStoreOptions options, string name, out Operation? operation)
    {
        operation = null;
        Key key = default;
        Key to = default;
        var (keyName, isMove) = name == "move" ? ("from", true) : ("key", false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, keyName) ? TryReadKey(ref reader, options, keyName, ref key)
                : isMove && JsonText.IsOn(ref reader, "to"u8) ? TryReadKey(ref reader, options, "to", ref to)
                : JsonText.Unknown(ref reader, isMove ? "from, to" : "key");
            if (problem is not null)
                return problem;
        }

        if (key.Length == 0 || (isMove && to.Length == 0))
            return Problems.MalformedRequest("Give the key.", key.Length == 0 ? keyName : "to");
        if (key == to)
            return Problems.MalformedRequest("An entry moves to another key. Give two that differ.", "to");
        operation = isMove ? new Move(key, to) : name == "delete" ? new Delete(key) : new Get(key);
        return null;
    }

    private static Problem? TryReadKey(ref Utf8JsonReader reader, KvStoreOptions options, string name, ref Key key)
    {
        if (key.Length > 0)
            return JsonText.Twice(name);
        reader.Read();
        return JsonString.TryGet(ref reader, name, out var text) ?? KeyText.TryCreate(text.Utf8, options.KeyBytesMax, name, out key);
    }

    private static Problem? TryBegin(ref bool hasCondition, string name)
    {
        var problem = hasCondition ? Problems.MalformedRequest("Give either revision or exists, once.", name) : null;
        hasCondition = true;
        return problem;
    }
}
