namespace KvStore.Server;

/// <summary>A client that may have rights to some keys only. It must not learn then what the store has besides them.</summary>
internal interface IKeyScope
{
    bool HasAllKeys { get; }
}
