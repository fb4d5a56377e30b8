namespace KvStore.Server;

/// <summary>The parameters of a listing: a range of keys, how they are grouped, and how many at most.</summary>
internal readonly record struct ListRequest
{
    public const string CursorParameter = "cursor";
    public const string CountOnlyParameter = "count_only";
    public const string DelimiterParameter = "delimiter";

    private static readonly string[] Parameters = ["prefix", "after", "limit", CursorParameter, DelimiterParameter, "values", CountOnlyParameter, .. Reads.Parameters];
    private static readonly string[] NotWithCount = ["limit", CursorParameter, DelimiterParameter, "values"];

    public required int Limit { get; init; }

    public ReadOnlyMemory<byte> Prefix { get; init; }

    /// <summary>The key or common prefix after which the listing starts; empty: at the first key.</summary>
    public ReadOnlyMemory<byte> After { get; init; }

    /// <summary>Keys that are equal up to the first delimiter after the prefix are listed as one group; empty: no groups.</summary>
    public ReadOnlyMemory<byte> Delimiter { get; init; }

    public ReadRequest Read { get; init; }

    public bool WithValues { get; init; }

    public bool CountOnly { get; init; }

    /// <summary>The store of the cursor; null without one.</summary>
    public StoreId? CursorStore { get; init; }

    /// <summary>The keys of the listing.</summary>
    public KeyRange Range => KeyRange.WithPrefix(Prefix.Span) is var range && After.IsEmpty ? range : RangeAfter(range, After.Span);

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
            return Problems.MalformedRequest("Give at least one character, such as /, or omit the parameter to list every key.", DelimiterParameter);
        if (countOnly && Array.Find(NotWithCount, parameters.Has) is { } excess)
            return Problems.MalformedRequest($"A count has no pages, groups or values. Omit this or {CountOnlyParameter}.", excess);
        return parameters.Text(CursorParameter) is { } text ? TryContinue(text, parameters, ref request) : null;
    }

    /// <summary>The elements of the listing in the order of their bytes, found lazily.</summary>
    public IEnumerable<Listed> In(Snapshot snapshot)
    {
        // After a group the scan restarts after it, so that its size does not matter.
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
                range = RangeAfter(range, listed.Utf8);
                inGroup = true;
                break;
            }
        }
    }

    /// <summary>The range after a key or a common prefix; after a key of a group, the range after the group.</summary>
    private KeyRange RangeAfter(KeyRange range, ReadOnlySpan<byte> utf8) => CommonPrefixBytes(utf8) is > 0 and var length
        ? range with { From = KeyRange.WithPrefix(utf8[..length]).To }
        : range.After(utf8);

    /// <summary>The length of the common prefix of a key's group; 0 if it has none.</summary>
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
            return Problems.MalformedRequest("This is not a cursor of this service. Send the complete cursor of the previous page, or start again without one.", CursorParameter);
        if (parameters.Has("after") || parameters.Has(Reads.RevisionParameter))
            return Problems.MalformedRequest("A cursor already has a position and a revision. Omit after and revision.", CursorParameter);
        if (parameters.Has("prefix") && !cursor.Prefix.Span.SequenceEqual(request.Prefix.Span))
            return Problems.MalformedRequest("The cursor belongs to a listing with another prefix. Give the same prefix, or none.", "prefix");
        if (parameters.Has(DelimiterParameter) && !cursor.Delimiter.Span.SequenceEqual(request.Delimiter.Span))
            return Problems.MalformedRequest("The cursor belongs to a listing with another delimiter, or without one. Give the same, or none.", DelimiterParameter);

        var read = request.Read with { Revision = cursor.Revision };

        // The previous page may have come from a replica that is ahead of this one.
        if (read.IsLocal)
            read = read with { MinRevision = Math.Max(read.MinRevision, cursor.Revision) };
        request = request with { Prefix = cursor.Prefix, Delimiter = cursor.Delimiter, After = cursor.After, Read = read, CursorStore = cursor.Store };
        return null;
    }
}

/// <summary>An element of a listing: an entry, or a group of keys with a common prefix.</summary>
/// <param name="Entry">The entry; the first one of a group.</param>
/// <param name="CommonPrefixBytes">The length of the group's common prefix; 0 for an entry.</param>
internal readonly record struct Listed(Entry Entry, int CommonPrefixBytes)
{
    public bool IsGroup => CommonPrefixBytes > 0;

    /// <summary>The key, or the common prefix.</summary>
    public ReadOnlySpan<byte> Utf8 => IsGroup ? Entry.Key.Utf8[..CommonPrefixBytes] : Entry.Key.Utf8;
}
