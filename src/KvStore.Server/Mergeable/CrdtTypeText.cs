using KvStore.Crdt;

namespace KvStore.Server;

/// <summary>The types of mergeable values as clients name them.</summary>
internal static class CrdtTypeText
{
    /// <summary>The names, in the order of the types.</summary>
    public static readonly string[] Names = ["g-counter", "pn-counter", "g-set", "or-set", "text"];

    /// <summary>The query parameter.</summary>
    public const string Parameter = "type";

    public static string Of(CrdtType type) => Names[(int)type - 1];

    public static Problem? TryGet(QueryParameters parameters, out CrdtType? type)
    {
        type = null;
        if (parameters.Text(Parameter) is not { } text)
            return null;
        var at = Array.IndexOf(Names, text);
        type = (CrdtType)(at + 1);
        return at >= 0 ? null : Problems.MalformedRequest($"Give one of {string.Join(", ", Names)}.", Parameter);
    }
}
