namespace KvStore.Server;

/// <summary>The answer to a committed write.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Revision">The revision of the write.</param>
internal readonly record struct WriteAnswer(int Status, long Revision)
{
    /// <summary>Whether the write left an entry, whose ETag is then the revision.</summary>
    public bool HasETag { get; init; }

    /// <summary>The path of the entry, when the service chose its key.</summary>
    public string? Location { get; init; }

    /// <summary>The media type of the body; null when there is none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Answers the request.</summary>
    public Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        EntryResponses.SetRevision(response, Revision);
        if (HasETag)
            response.Headers.ETag = EntryResponses.ETagOf(Revision);
        if (Location is not null)
            response.Headers.Location = Location;
        return ContentType is null ? Task.CompletedTask : WriteBodyAsync(response);
    }

    private Task WriteBodyAsync(HttpResponse response)
    {
        EntryResponses.SetContentHeaders(response, ContentType!, Body.Length);
        response.Headers.CacheControl = "no-cache";
        return response.Body.WriteAsync(Body, CancellationToken.None).AsTask();
    }
}
