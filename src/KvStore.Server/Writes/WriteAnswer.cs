namespace KvStore.Server;

/// <summary>The answer to a committed write.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Revision">The revision of the write.</param>
internal readonly record struct WriteAnswer(int Status, long Revision)
{
    /// <summary>Whether the write left an entry, whose ETag is then the revision.</summary>
    public bool HasETag { get; init; }

    /// <summary>The path of the new entry, without the path base.</summary>
    public string? Location { get; init; }

    public string? ContentType { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Answers the request. Always returns null, as a <see cref="Handler"/> without a problem does.</summary>
    public Task<Problem?> WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.SetWrittenRevision(Revision);
        if (HasETag)
            response.Headers.ETag = ResponseHeaders.ETagOf(Revision);
        if (Location is not null)
            response.Headers.Location = context.Request.PathBase.Value + Location;
        return ContentType is null ? Task.FromResult<Problem?>(null) : WriteBodyAsync(response, ContentType, Body);
    }

    private static async Task<Problem?> WriteBodyAsync(HttpResponse response, string contentType, ReadOnlyMemory<byte> body)
    {
        response.SetValue(contentType, body.Length);
        await response.Body.WriteAsync(body, CancellationToken.None);
        return null;
    }
}
