using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>
/// The conditions of a request for one entry (RFC 9110, section 13) as guards, or null where absent. An ETag is an entry's revision in quotes.
/// A date counts only without the ETags that it stands in for, as section 13.2.2 has it.
/// </summary>
/// <param name="IfMatch">If-Match, or else If-Unmodified-Since: fails a request.</param>
/// <param name="IfNoneMatch">If-None-Match: fails a write, and makes a read 304.</param>
/// <param name="Unmodified">If-Modified-Since without If-None-Match, turned round: a read is 304 if it passes. For reads only.</param>
internal readonly record struct Conditions(Guard? IfMatch, Guard? IfNoneMatch, Guard? Unmodified)
{
    /// <summary>What a write is guarded by.</summary>
    public ImmutableArray<Guard> Guards => (IfMatch, IfNoneMatch) switch
    {
        (null, null) => [],
        ({ } match, null) => [match],
        (null, { } noneMatch) => [noneMatch],
        ({ } match, { } noneMatch) => [match, noneMatch],
    };

    /// <summary>Whether a read may be answered with 304.</summary>
    public bool MayBeNotModified => (IfNoneMatch ?? Unmodified) is not null;

    /// <summary>Whether the client's copy of the entry is current: a read is 304.</summary>
    public bool IsNotModified(Entry entry) => IfNoneMatch?.Passes(entry) == false || Unmodified?.Passes(entry) == true;

    /// <summary>
    /// Reads the headers. A condition that cannot be parsed is a problem, never ignored; but a date of If-Modified-Since is (section 13.1.3), because
    /// the whole entry is never a wrong answer. <see cref="HeaderRules"/> has rejected those that the endpoint does not honour.
    /// </summary>
    public static Problem? TryGet(HttpContext context, Key key, out Conditions conditions)
    {
        conditions = default;
        var headers = context.Request.Headers;
        Guard? ifMatch = null;
        Guard? ifNoneMatch = null;
        Guard? unmodified = null;

        if (headers.IfMatch is { Count: > 0 } match)
        {
            if (!TryParse(match, strong: true, out var any, out var revisions))
                return Malformed(HeaderNames.IfMatch, match);
            ifMatch = any ? Guard.Exists(key) : Guard.RevisionIn(key, revisions);
        }
        else if (headers.IfUnmodifiedSince is { Count: > 0 } since)
        {
            if (!TryParse(since, out var date))
                return Problems.MalformedRequest($"Give one HTTP date, such as {HeaderNames.IfUnmodifiedSince}: Sun, 06 Nov 1994 08:49:37 GMT. Given: {since}.", HeaderNames.IfUnmodifiedSince);
            ifMatch = Guard.UnmodifiedSince(key, date);
        }

        if (headers.IfNoneMatch is { Count: > 0 } noneMatch)
        {
            if (!TryParse(noneMatch, strong: false, out var any, out var revisions))
                return Malformed(HeaderNames.IfNoneMatch, noneMatch);
            ifNoneMatch = any ? Guard.Absent(key) : Guard.RevisionNotIn(key, revisions);
        }
        else if (headers.IfModifiedSince is { Count: > 0 } since && TryParse(since, out var date))
        {
            unmodified = Guard.UnmodifiedSince(key, date);
        }

        conditions = new Conditions(ifMatch, ifNoneMatch, unmodified);
        return null;
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
        WholeNumber.TryParse(text, out revision) && (text[0] != '0' || text.Length == 1);

    // In any of the three formats of RFC 9110, section 5.6.7.
    private static bool TryParse(StringValues values, out DateTimeOffset date)
    {
        date = default;
        return values.Count == 1 && HeaderUtilities.TryParseDate(values[0], out date);
    }

    private static Problem Malformed(string header, StringValues values) =>
        Problems.MalformedRequest($"Write * or revisions in quotes, such as {header}: \"7\" or {header}: \"7\", \"9\". Given: {values}.", header);
}
