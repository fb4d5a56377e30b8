using System.Buffers;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>
/// Guards and operations that are committed together at one revision, or not at all. At most 100 of each; a key may be written once. Not
/// thread-safe; send it with <see cref="KvStoreClient.TransactAsync"/>.
/// </summary>
public sealed class KvTransaction
{
    private readonly List<Action<Utf8JsonWriter>> _guards = [];
    private readonly List<Action<Utf8JsonWriter>> _operations = [];
    private readonly List<int> _reads = [];
    private KvRevision _guarded;

    /// <summary>The idempotency key; see <see cref="KvWriteOptions.IdempotencyKey"/>.</summary>
    public string? IdempotencyKey { get; init; }

    internal IReadOnlyList<int> ReadSteps => _reads;

    internal string? StoreId => _guarded.StoreId;

    /// <summary>Passes if the entry has this revision.</summary>
    /// <exception cref="ArgumentException">Another guard has a revision of another store.</exception>
    public KvTransaction IfRevision(string key, KvRevision revision)
    {
        if (revision.IsOfAnotherStoreThan(_guarded))
            throw new ArgumentException("The revisions of the guards are of different stores.", nameof(revision));
        if (revision.StoreId is not null)
            _guarded = revision;
        return Guard(key, json => json.WriteNumber("revision"u8, revision.Number));
    }

    /// <summary>Passes if the key has an entry.</summary>
    public KvTransaction IfPresent(string key) => Guard(key, json => json.WriteBoolean("exists"u8, true));

    /// <summary>Passes if the key has no entry.</summary>
    public KvTransaction IfAbsent(string key) => Guard(key, json => json.WriteBoolean("exists"u8, false));

    /// <summary>Reads an entry as of before the transaction; see <see cref="KvTransactionResult.Reads"/>.</summary>
    public KvTransaction Get(string key)
    {
        var operation = Operation("get", Named("key", key));
        _reads.Add(_operations.Count - 1);
        return operation;
    }

    /// <summary>Stores a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; it is copied.</param>
    /// <param name="contentType">The media type of the value.</param>
    /// <param name="timeToLive">How long until the entry expires; null for never.</param>
    public KvTransaction Put(string key, ReadOnlySpan<byte> value, string contentType = "application/octet-stream", TimeSpan? timeToLive = null)
    {
        var copy = value.ToArray();
        return Put(key, contentType, timeToLive, json => json.WriteBase64String("base64"u8, copy));
    }

    /// <summary>Stores text, as <c>text/plain; charset=utf-8</c>.</summary>
    public KvTransaction Put(string key, string value, TimeSpan? timeToLive = null) =>
        Put(key, "text/plain; charset=utf-8", timeToLive, Named("text", value, nameof(value)));

    /// <summary>Stores an object as JSON.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The object.</param>
    /// <param name="type">Its type, from a source-generated context.</param>
    /// <param name="timeToLive">How long until the entry expires; null for never.</param>
    public KvTransaction PutJson<T>(string key, T value, JsonTypeInfo<T> type, TimeSpan? timeToLive = null)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(value, type);
        return Put(key, "application/json", timeToLive, json =>
        {
            json.WritePropertyName("json"u8);
            json.WriteRawValue(text);
        });
    }

    /// <summary>Deletes an entry, if there is one.</summary>
    public KvTransaction Delete(string key) => Operation("delete", Named("key", key));

    /// <summary>Moves an entry to another key and replaces the entry there. The transaction is rejected if there is no entry to move.</summary>
    public KvTransaction Move(string from, string to) => Operation("move", Named("from", from, nameof(from)) + Named("to", to, nameof(to)));

    /// <summary>The body of the request, for logs and for fakes of <see cref="IKvStoreClient"/>.</summary>
    public byte[] ToUtf8Json()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteAll(json, "guards", _guards);
            WriteAll(json, "operations", _operations);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteAll(Utf8JsonWriter json, string name, List<Action<Utf8JsonWriter>> writers)
    {
        json.WriteStartArray(name);
        foreach (var write in writers)
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // Checked when it is added: when the transaction is sent, the argument is not known any more.
    private static Action<Utf8JsonWriter> Named(string name, string text, string argument = "key")
    {
        Arguments.Text(text, argument);
        return json => json.WriteString(name, text);
    }

    private KvTransaction Put(string key, string contentType, TimeSpan? timeToLive, Action<Utf8JsonWriter> writeValue)
    {
        Arguments.ContentType(contentType);
        return Operation("put", Named("key", key) + writeValue + (json =>
        {
            json.WriteString("content_type"u8, contentType);
            if (timeToLive is { } ttl)
                json.WriteNumber("ttl"u8, (long)Math.Ceiling(ttl.TotalSeconds));
        }));
    }

    private KvTransaction Guard(string key, Action<Utf8JsonWriter> write)
    {
        _guards.Add(Named("key", key) + write);
        return this;
    }

    private KvTransaction Operation(string name, Action<Utf8JsonWriter> write)
    {
        _operations.Add(json =>
        {
            json.WriteStartObject(name);
            write(json);
            json.WriteEndObject();
        });
        return this;
    }
}

/// <summary>The result of a transaction.</summary>
/// <param name="Revision">The revision of the commit.</param>
/// <param name="Reads">The entry of each <see cref="KvTransaction.Get"/>, in order; null where there was none.</param>
public sealed record KvTransactionResult(KvRevision Revision, IReadOnlyList<KvEntry?> Reads);
