namespace KvStore.Server;

/// <summary>The settings of a region: another store, with which this one exchanges mergeable values. Not a record, whose text would have the key.</summary>
internal sealed class RegionOptions
{
    /// <summary>The name, as in logs, metrics and <c>/v1/regions</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where its service is reached, with the path base if it has one. Ends in a slash.</summary>
    public required Uri Address { get; init; }

    /// <summary>The key of the requests there, which needs to read and write below the prefixes; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>What the keys of the values start with that are exchanged; an empty prefix is for every key. No prefix is the start of another.</summary>
    public required IReadOnlyList<string> Prefixes { get; init; }

    /// <summary>How many values are exchanged at a time; others wait. Default 8.</summary>
    public int ExchangesMax { get; init; } = 8;

    /// <summary>How many keys may wait for their exchange. With more, changes wait in the histories of the stores, and if they leave those, everything is compared again. Default 10,000.</summary>
    public int KeysMax { get; init; } = 10_000;

    /// <summary>How long a call may take; it fails then, and is repeated. Default 10 s.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause after failures: the first is 100 ms, and each further one twice as long. Default 30 s.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(30);
}
