namespace KvStore.Server;

/// <summary>The settings that must be the same on all replicas: otherwise one would refuse, or answer differently, what another takes, and clients would see which they met.</summary>
/// <remarks>Not those of a replica's own resources, such as memory, connections and the history: they may refuse any request at any time anyway.</remarks>
internal static class SharedSettings
{
    /// <summary>Their names and values.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(KvStoreOptions options) =>
    [
        ("KeyBytesMax", ByteSize.TextOf(options.KeyBytesMax)),
        ("ValueBytesMax", ByteSize.TextOf(options.ValueBytesMax)),
        ("JsonBodyBytesMax", ByteSize.TextOf(options.JsonBodyBytesMax)),
        ("TransactionOperationsMax", TextOf(options.TransactionOperationsMax)),
        ("TransactionGuardsMax", TextOf(options.TransactionGuardsMax)),
        ("BatchKeysMax", TextOf(options.BatchKeysMax)),
        ("PageEntriesMax", TextOf(options.PageEntriesMax)),
        ("DeletedEntriesMax", TextOf(options.DeletedEntriesMax)),
        ("IdempotencyLifetime", Duration.TextOf(options.IdempotencyLifetime)),
        ("WaitMax", Duration.TextOf(options.WaitMax)),
    ];

    private static string TextOf(int number) => number.ToString(CultureInfo.InvariantCulture);
}
