namespace KvStore;

/// <summary>Something that a user wants done to one key.</summary>
public abstract class Change
{
    private protected Change(Key key) =>
        Key = key.Length > 0 ? key : throw new ArgumentException("No entry has the empty key.", nameof(key));

    /// <summary>The key that is changed.</summary>
    public Key Key { get; }

    /// <summary>Bytes that this change holds while it waits.</summary>
    internal virtual long Bytes => Key.Length;
}

/// <summary>Stores a value under a key, whether or not the key has one.</summary>
/// <param name="key">The key; not the default one.</param>
/// <param name="value">The value. The store owns the bytes from now on: nobody changes them any more.</param>
/// <param name="contentType">The value's media type, printable ASCII.</param>
/// <param name="expiresAt">When the entry is to be deleted, or null; kept to the millisecond.</param>
public sealed class Put(Key key, ReadOnlyMemory<byte> value, string contentType, DateTimeOffset? expiresAt = null) : Change(key)
{
    /// <summary>The value.</summary>
    public ReadOnlyMemory<byte> Value { get; } = value;

    /// <summary>The value's media type.</summary>
    public string ContentType { get; } = contentType;

    /// <summary>When the entry is to be deleted, or null.</summary>
    public DateTimeOffset? ExpiresAt { get; } = expiresAt;

    internal override long Bytes => base.Bytes + Value.Length + ContentType.Length;
}

/// <summary>Removes a key's entry. Without an entry nothing happens; guard with <see cref="Guard.Exists"/> to learn of that.</summary>
/// <param name="key">The key; not the default one.</param>
public sealed class Delete(Key key) : Change(key);
