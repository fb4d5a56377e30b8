namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    /// <summary>Counters, sets and text that any number of clients change at once, and that merge without losing a change.</summary>
    public KvMergeableValues Mergeable => new(this);

    internal KvStoreClientOptions Options => _options;

    internal CancellationToken Ended => _ended.Token;
}
