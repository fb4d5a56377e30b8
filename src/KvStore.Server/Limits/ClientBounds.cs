namespace KvStore.Server;

/// <summary>What one client may use. Null: no limit of its own. Immutable.</summary>
internal readonly record struct ClientBounds(int? RequestsPerSecond, long? BytesPerSecond, int? Watchers, int? Transfers)
{
    /// <summary>Those of the settings, unless the principal has quotas.</summary>
    public static ClientBounds Of(KvStoreOptions options, Quotas quotas) => new(
        quotas.RequestsPerSecond ?? (options.RequestsPerSecondMax > 0 ? options.RequestsPerSecondMax : null),
        quotas.BytesPerSecond ?? (options.BytesPerSecondMax > 0 ? options.BytesPerSecondMax : null),
        quotas.Watchers ?? (options.WatchersPerClientMax > 0 ? options.WatchersPerClientMax : null),
        quotas.Transfers ?? (options.TransfersPerClientMax > 0 ? options.TransfersPerClientMax : null));
}

/// <summary>Whose use is counted: a principal by its name, so that a changed key has the same; or an address, where requests need no key.</summary>
internal readonly record struct ClientKey(string? Principal, AddressKey? Address);
