using KvStore.Mergeable;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>In which form a read of a mergeable value is answered, by <c>Accept</c>: JSON unless the client prefers another one.</summary>
internal static class ReadForm
{
    private static readonly (MergeableForm Form, string Type, string Subtype)[] Forms =
    [
        // The first of equals wins.
        (MergeableForm.Json, "application", "json"),
        (MergeableForm.Text, "text", "plain"),
        (MergeableForm.Delta, "application", "vnd.kvstore.delta+json"),
    ];

    /// <summary>The form that a request asks for. A header that cannot be parsed, or accepts none of the forms, has no effect, as HTTP allows (RFC 9110, section 12.5.1).</summary>
    public static MergeableForm Of(HttpRequest request)
    {
        if (request.Headers.Accept.Count == 0 || !MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out var ranges))
            return MergeableForm.Json;
        var (best, quality) = (MergeableForm.Json, 0.0);
        foreach (var (form, type, subtype) in Forms)
        {
            var offered = QualityOf(ranges, type, subtype);
            if (offered > quality)
                (best, quality) = (form, offered);
        }

        return best;
    }

    public static string ContentTypeOf(MergeableForm form) => form switch
    {
        MergeableForm.Text => ContentTypes.Text,
        MergeableForm.Delta => ContentTypes.Delta,
        _ => ContentTypes.Json,
    };

    // That of the most specific range.
    private static double QualityOf(IList<MediaTypeHeaderValue> ranges, string type, string subtype)
    {
        var (quality, specificity) = (0.0, 0);
        foreach (var range in ranges)
        {
            var matched = range.MatchesAllTypes ? 1
                : !range.Type.Equals(type, StringComparison.OrdinalIgnoreCase) ? 0
                : range.MatchesAllSubTypes ? 2
                : range.SubType.Equals(subtype, StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (matched > specificity)
                (quality, specificity) = (range.Quality ?? 1, matched);
        }

        return quality;
    }
}
