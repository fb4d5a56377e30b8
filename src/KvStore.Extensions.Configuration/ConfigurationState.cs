namespace KvStore.Extensions.Configuration;

/// <summary>The entries below the prefix and what they say. Belongs to the task that watches them.</summary>
internal sealed class ConfigurationState(KvStoreConfigurationSource source)
{
    // In the order of the keys, so that which of two entries wins that say the same name does not depend on which was written first.
    private SortedDictionary<string, IReadOnlyList<KeyValuePair<string, string?>>> _entries = new(StringComparer.Ordinal);

    // What follows a reset, until it is complete: the values that were known stay meanwhile.
    private SortedDictionary<string, IReadOnlyList<KeyValuePair<string, string?>>>? _incoming;

    /// <summary>Applies an event of the watch.</summary>
    /// <returns>Whether the configuration may be another one.</returns>
    public bool Apply(KvWatchEvent watchEvent)
    {
        switch (watchEvent)
        {
            case KvWatchEvent.Reset:
                _incoming = new(StringComparer.Ordinal);
                return false;
            case KvWatchEvent.Entry { Value: var entry }:
                Put(_incoming!, entry);
                return false;
            case KvWatchEvent.Synced when _incoming is not null:
                (_entries, _incoming) = (_incoming, null);
                return true;
            case KvWatchEvent.Changed changed:
                foreach (var change in changed.Changes)
                {
                    if (change.Entry is { } entry)
                        Put(_entries, entry);
                    else
                        _entries.Remove(change.Key);
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>The values by name, in any case.</summary>
    public Dictionary<string, string?> ToData()
    {
        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in _entries.Values.SelectMany(pairs => pairs))
            data[name] = value;
        return data;
    }

    private void Put(SortedDictionary<string, IReadOnlyList<KeyValuePair<string, string?>>> entries, KvEntry entry)
    {
        try
        {
            entries[entry.Key] = EntryFlattener.Flatten(entry.Key[source.Prefix.Length..], entry);
        }
        catch (JsonException exception)
        {
            // What the entry said before stays, as with everything that cannot be read.
            if (_entries.TryGetValue(entry.Key, out var before))
                entries[entry.Key] = before;
            source.Report(new FormatException($"The entry {entry.Key} at revision {entry.Revision.Number} is not JSON, although its media type says so: {exception.Message}", exception));
        }

        if (entries.Count > source.EntriesMax)
            throw new InvalidOperationException($"There are more than {source.EntriesMax} entries below {source.Prefix}. Is this the right prefix? Otherwise raise {nameof(source.EntriesMax)}.");
    }
}
