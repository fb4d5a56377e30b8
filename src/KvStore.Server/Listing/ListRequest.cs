
namespace KvStore.Server;

/// <summary>What a listing was asked for: a range of keys, which of them stand for a group, and how many at most.</summary>
internal readonly record struct ListRequest
{
    public const string CountOnlyParameter = "count_only";
    public const string DelimiterParameter = "delimiter";

    private static readonly string[] Parameters = ["prefix", "after", "limit", "cursor", DelimiterParameter, "values", CountOnlyParameter, .. Reads.Parameters];
    private static readonly string[] NotWithCount = ["limit", "cursor", DelimiterParameter, "values"];

    public required int Limit { get; init; }

    public ReadOnlyMemory<byte> Prefix { get; init; }

    /// <summary>The key or common prefix after which the listing starts; empty means at the first.</summary>
    public ReadOnlyMemory<byte> After { get; init; }

    /// <summary>Keys that are the same up to the first of these bytes after the prefix are listed as one; empty means none are.</summary>
    public ReadOnlyMemory<byte> Delimiter { get; init; }

    public ReadRequest Read { get; init; }

    public bool WithValues { get; init; }

    public bool CountOnly { get; init; }

    public bool FromCursor { get; init; }

    /// <summary>The keys that are asked for.</summary>
    public KeyRange Range => KeyRange.WithPrefix(Prefix.Span) is var range && After.IsEmpty ? range : Behind(range, After.Span);

    /// <summary>Reads the query string.</summary>
    public static Problem? TryGet(HttpContext context, KvStoreOptions options, out ListRequest request)
    {
        request = new ListRequest { Limit = options.PageEntriesDefault };
        byte[] prefix = [];
        byte[] after = [];
        byte[] delimiter = [];
        long? limit = null;
        var withValues = false;
        var countOnly = false;
        ReadRequest read = default;
        var problem = QueryParameters.TryGet(context, Parameters, out var parameters)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? parameters.TryGetKeyBytes("after", options.KeyBytesMax, out after)
            ?? parameters.TryGetKeyBytes(DelimiterParameter, options.KeyBytesMax, out delimiter)
            ?? parameters.TryGetNumber("limit", 1, options.PageEntriesMax, out limit)
            ?? parameters.TryGetFlag("values", out withValues)
            ?? parameters.TryGetFlag(CountOnlyParameter, out countOnly)
            ?? Reads.TryGet(parameters, out read);
        if (problem is not null)
            return problem;

        request = request with { Prefix = prefix, After = after, Delimiter = delimiter, Read = read, WithValues = withValues, CountOnly = countOnly };
        if (limit is not null)
            request = request with { Limit = (int)limit };
        if (parameters.Has(DelimiterParameter) && delimiter.Length == 0)
            return Problems.MalformedRequest("Give at least one character, such as /; or leave the parameter away to list every key.", DelimiterParameter);
        if (countOnly && Array.Find(NotWithCount, parameters.Has) is { } excess)
            return Problems.MalformedRequest($"A count has no pages, groups or values. Leave it or {CountOnlyParameter} away.", excess);
        return parameters.Text("cursor") is { } text ? TryContinue(text, parameters, ref request) : null;
    }

    /// <summary>The elements of the listing in the order of their bytes, found while they are asked for.</summary>
    public IEnumerable<Listed> In(Snapshot snapshot)
    {
        // A group is left by looking for what comes after it, however many keys it has.
        var range = Range;
        for (var inGroup = true; inGroup;)
        {
            inGroup = false;
            foreach (var entry in snapshot.Scan(range))
            {
                var listed = new Listed(entry, CommonPrefixBytes(entry.Key.Utf8));
                yield return listed;
                if (!listed.IsGroup)
                    continue;
                range = Behind(range, listed.Utf8);
                inGroup = true;
                break;
            }
        }
    }

    /// <summary>What comes after a key or a common prefix; after a key of a group, that is what comes after the group.</summary>
    private KeyRange Behind(KeyRange range, ReadOnlySpan<byte> utf8) => CommonPrefixBytes(utf8) is > 0 and var length
        ? range with { From = KeyRange.WithPrefix(utf8[..length]).To }
        : range.After(utf8);

    /// <summary>How many bytes of a key are the common prefix of its group; 0 when it stands for itself.</summary>
    private int CommonPrefixBytes(ReadOnlySpan<byte> key)
    {
        if (Delimiter.IsEmpty || !key.StartsWith(Prefix.Span))
            return 0;
        var at = key[Prefix.Length..].IndexOf(Delimiter.Span);
        return at < 0 ? 0 : Prefix.Length + at + Delimiter.Length;
    }

    private static Problem? TryContinue(string text, QueryParameters parameters, ref ListRequest request)
    {
        if (!Cursor.TryParse(text, out var cursor))
            return Problems.MalformedRequest("This is not a cursor of this service. Hand back, whole, the one that the page before gave; or start again without one.", "cursor");
        if (parameters.Has("after") || parameters.Has(Reads.RevisionParameter))
            return Problems.MalformedRequest("A cursor says by itself after which key and at which revision to go on. Leave after and revision away.", "cursor");
        if (parameters.Has("prefix") && !cursor.Prefix.Span.SequenceEqual(request.Prefix.Span))
            return Problems.MalformedRequest("The cursor is of a listing with another prefix. Give the same prefix, or none.", "prefix");
        if (parameters.Has(DelimiterParameter) && !cursor.Delimiter.Span.SequenceEqual(request.Delimiter.Span))
            return Problems.MalformedRequest("The cursor is of a listing with another delimiter, or without one. Give the same, or none.", DelimiterParameter);

        var read = request.Read with { Revision = cursor.Revision };

        // The page before may have come from a replica that was ahead of this one.
        if (read.IsLocal)
            read = read with { MinRevision = Math.Max(read.MinRevision, cursor.Revision) };
        request = request with { Prefix = cursor.Prefix, Delimiter = cursor.Delimiter, After = cursor.After, Read = read, FromCursor = true };
        return null;
    }
}

/// <summary>An element of a listing: an entry, or a group of keys with a common prefix.</summary>
/// <param name="Entry">The entry; of a group, its first one.</param>
/// <param name="CommonPrefixBytes">How many bytes of the entry's key are the group's common prefix; 0 when this is an entry.</param>
internal readonly record struct Listed(Entry Entry, int CommonPrefixBytes)
{
    public bool IsGroup => CommonPrefixBytes > 0;

    /// <summary>The key, or the common prefix.</summary>
    public ReadOnlySpan<byte> Utf8 => IsGroup ? Entry.Key.Utf8[..CommonPrefixBytes] : Entry.Key.Utf8;
}
