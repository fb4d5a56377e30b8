using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>If-Match and If-None-Match as guards, or null where absent (RFC 9110, section 13.1). An ETag is an entry's revision in quotes.</summary>
internal readonly record struct Conditions(Guard? IfMatch, Guard? IfNoneMatch)
{
    public ImmutableArray<Guard> Guards => (IfMatch, IfNoneMatch) switch
    {
        (null, null) => [],
        ({ } match, null) => [match],
        (null, { } noneMatch) => [noneMatch],
        ({ } match, { } noneMatch) => [match, noneMatch],
    };

    /// <summary>Whether a read may be answered with 304.</summary>
    public bool MayBeNotModified => IfNoneMatch is not null;

    /// <summary>Whether the client's copy of the entry is current: a read is 304.</summary>
    public bool IsNotModified(Entry entry) => IfNoneMatch?.Passes(entry) == false;

    /// <summary>Reads the two headers. A condition that cannot be parsed is a problem, never ignored.</summary>
    public static Problem? TryGet(HttpContext context, Key key, out Conditions conditions)
    {
        conditions = default;
        var headers = context.Request.Headers;
        Guard? ifMatch = null;
        Guard? ifNoneMatch = null;

        if (headers.IfMatch is { Count: > 0 } match)
        {
            if (!TryParse(match, strong: true, out var any, out var revisions))
                return Malformed(HeaderNames.IfMatch, match);
            ifMatch = any ? Guard.Exists(key) : Guard.RevisionIn(key, revisions);
        }

        if (headers.IfNoneMatch is { Count: > 0 } noneMatch)
        {
            if (!TryParse(noneMatch, strong: false, out var any, out var revisions))
                return Malformed(HeaderNames.IfNoneMatch, noneMatch);
            ifNoneMatch = any ? Guard.Absent(key) : Guard.RevisionNotIn(key, revisions);
        }

        conditions = new Conditions(ifMatch, ifNoneMatch);
        return null;
    }

    /// <summary>Rejects both headers on a request that is not about one entry.</summary>
    public static Problem? Reject(HttpContext context)
    {
        var headers = context.Request.Headers;
        var given = headers.IfMatch.Count > 0 ? HeaderNames.IfMatch : headers.IfNoneMatch.Count > 0 ? HeaderNames.IfNoneMatch : null;
        return given is null ? null : Problems.MalformedRequest("A condition is about one entry, and this request is not. Omit the header; in a transaction, use guards.", given);
    }

    // If-Match compares strongly, so that weak tags never match; If-None-Match compares weakly (RFC 9110, section 8.8.3.2).
    private static bool TryParse(StringValues values, bool strong, out bool any, out ImmutableArray<long> revisions)
    {
        any = false;
        revisions = [];
        if (!EntityTagHeaderValue.TryParseStrictList([.. values!], out var tags))
            return false;

        any = tags.Count == 1 && tags[0].Equals(EntityTagHeaderValue.Any);
        if (any)
            return true;
        if (tags.Contains(EntityTagHeaderValue.Any))
            return false;

        var builder = ImmutableArray.CreateBuilder<long>(tags.Count);
        foreach (var tag in tags)
        {
            // A tag that is not a revision is well-formed and matches nothing.
            if ((!tag.IsWeak || !strong) && TryParseRevision(tag.Tag.AsSpan()[1..^1], out var revision))
                builder.Add(revision);
        }

        revisions = builder.DrainToImmutable();
        return true;
    }

    // The service writes no leading zeros: "07" is not the tag of revision 7.
    private static bool TryParseRevision(ReadOnlySpan<char> text, out long revision) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out revision) && (text[0] != '0' || text.Length == 1);

    private static Problem Malformed(string header, StringValues values) =>
        Problems.MalformedRequest($"Write * or revisions in quotes, such as {header}: \"7\" or {header}: \"7\", \"9\". Given: {values}.", header);
}
