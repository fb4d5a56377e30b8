using System.Collections.Frozen;

namespace KvStore.Server;

/// <summary>The origins of other sites whose pages may use the service: <see cref="KvStoreOptions.AllowedOrigins"/>. Immutable.</summary>
internal sealed class AllowedOrigins(string setting)
{
    /// <summary>What the setting may be.</summary>
    public const string Form = "origins such as https://app.example.com, separated by semicolons, or none";

    private readonly FrozenSet<string> _all = AddressSettings.List(setting).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether there is any.</summary>
    public bool Any => _all.Count > 0;

    /// <summary>Whether a part of the setting is an origin as browsers send it: scheme, host, and the port unless it is the scheme's own.</summary>
    public static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Host.Length > 0 && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);

    public bool Contains(string? origin) => origin is not null && _all.Contains(origin);
}
