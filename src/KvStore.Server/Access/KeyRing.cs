namespace KvStore.Server;

/// <summary>The keys that are accepted now. Thread-safe.</summary>
internal sealed class KeyRing
{
    private readonly TimeProvider _time;
    private readonly KeySet _keys = new([], null);

    /// <exception cref="InvalidSettingsException">The key file is not acceptable.</exception>
    public KeyRing(KvStoreOptions options, TimeProvider time)
    {
        _time = time;
        if (options.Keys == KvStoreOptions.None)
            return;
        var problems = new List<string>();
        var entries = KeyFile.Read(options.Keys, problems);
        if (problems.Count > 0)
            throw new InvalidSettingsException(problems);
        _keys = new KeySet(entries, null);
    }

    /// <summary>The principal of a token, or null if the token is not accepted.</summary>
    public Principal? Find(ReadOnlySpan<char> token) =>
        _keys.Find(token) is { } principal && !(principal.ExpiresAt <= _time.GetUtcNow()) ? principal : null;
}
