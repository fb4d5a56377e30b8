using System.Security.Cryptography;
using KvStore.Origins;

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

    /// <summary>The same of origins: what decides which keys come from where, and how long they are served. Not the headers of calls, which may be secret, nor how many calls a replica makes.</summary>
    /// <remarks>Addresses and statements are digests, because some have a secret in them all the same. A setting that a later version adds may be here only if it is not the default.</remarks>
    public static IEnumerable<(string Name, string Value)> Of(IEnumerable<OriginOptions> origins) =>
        from origin in origins
        from setting in Of(origin)
        select ($"{OriginSettings.Section}:{origin.Name}:{setting.Name}", setting.Value);

    private static IEnumerable<(string Name, string Value)> Of(OriginOptions origin) =>
    [
        ("Prefix", origin.Prefix),
        .. origin.Http is { } http ? [("Http:Url", DigestOf(http.Url))] : Array.Empty<(string, string)>(),
        .. origin.Sql is { } sql ? [("Sql:Load", DigestOf(sql.Load))] : Array.Empty<(string, string)>(),
        ("LoadTimeout", Duration.TextOf(origin.LoadTimeout)),
        ("FreshFor", Duration.TextOf(origin.FreshFor)),
        ("JitterPercent", TextOf(origin.JitterPercent)),
        ("StaleWhileRevalidate", Duration.TextOf(origin.StaleWhileRevalidate)),
        ("StaleIfError", Duration.TextOf(origin.StaleIfError)),
        ("NegativeFor", Duration.TextOf(origin.NegativeFor)),
        ("Writes", OriginSettings.TextOf(origin.Writes)),
        .. origin.Writes == OriginWrites.Behind ? Of(origin.Outbox) : [],
    ];

    private static IEnumerable<(string Name, string Value)> Of(OriginOutboxOptions outbox) =>
        [("Outbox:EntriesMax", TextOf(outbox.EntriesMax)), ("Outbox:AgeMax", Duration.TextOf(outbox.AgeMax)), ("Outbox:AttemptsMax", TextOf(outbox.AttemptsMax))];

    private static string DigestOf(string text) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}";

    private static string TextOf(int number) => number.ToString(CultureInfo.InvariantCulture);
}
