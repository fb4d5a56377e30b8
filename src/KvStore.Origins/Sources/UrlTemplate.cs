using System.Text;

namespace KvStore.Origins;

/// <summary>An address with placeholders for keys. Everything of a key that is not unreserved (RFC 3986) is percent-encoded, the slash too, so that a key cannot name another resource. Immutable.</summary>
internal sealed class UrlTemplate
{
    private readonly string _template;
    private readonly int _prefixBytes;

    /// <param name="template">The address, with <c>{key}</c>, <c>{fullkey}</c> or <c>{keys}</c>.</param>
    /// <param name="prefix">The prefix of the origin, which <c>{key}</c> and <c>{keys}</c> leave out.</param>
    public UrlTemplate(string template, string prefix)
    {
        _template = template;
        _prefixBytes = Encoding.UTF8.GetByteCount(prefix);
    }

    /// <summary>What the origin calls a key: what follows the prefix.</summary>
    public string NameOf(Key key) => Encoding.UTF8.GetString(key.Utf8[_prefixBytes..]);

    /// <summary>The address of some keys; null if a key has no name there: it is the prefix itself, or a dot segment, which clients and servers of HTTP remove.</summary>
    public Uri? Of(IEnumerable<Key> keys)
    {
        string[] names = [.. keys.Select(NameOf)];
        if (names.Any(name => name is "" or "." or ".."))
            return null;
        var encoded = string.Join(',', names.Select(Uri.EscapeDataString));
        return new Uri(_template
            .Replace("{keys}", encoded, StringComparison.Ordinal)
            .Replace("{key}", encoded, StringComparison.Ordinal)
            .Replace("{fullkey}", Uri.EscapeDataString(keys.First().ToString()), StringComparison.Ordinal));
    }
}
