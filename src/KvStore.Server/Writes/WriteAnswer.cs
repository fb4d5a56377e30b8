using System.Text;

namespace KvStore.Server;

/// <summary>
/// What the client is told of a write that was committed: small enough to be remembered, whole enough to be said again word for word.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Revision">The revision of the write.</param>
internal readonly record struct WriteAnswer(int Status, long Revision)
{
    /// <summary>The ETag of the entry that was written, or null.</summary>
    public string? ETag { get; init; }

    /// <summary>Where the entry is, when the service chose its key.</summary>
    public string? Location { get; init; }

    /// <summary>The media type of the body, or null when there is no body.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body. Nobody writes into it any more.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The answer to a write of an entry, without a body.</summary>
    public static WriteAnswer Of(int status, Entry entry) =>
        new(status, entry.Revision) { ETag = EntryResponses.ETagOf(entry) };

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    public static WriteAnswer Parse(ReadOnlyMemory<byte> bytes)
    {
        using var stream = new MemoryStream(bytes.ToArray(), writable: false);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        return new WriteAnswer(reader.ReadInt16(), reader.ReadInt64())
        {
            ETag = NullIfEmpty(reader.ReadString()),
            Location = NullIfEmpty(reader.ReadString()),
            ContentType = NullIfEmpty(reader.ReadString()),
            Body = bytes[(int)stream.Position..],
        };
    }

    /// <summary>The answer in a form that can be stored.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write((short)Status);
        writer.Write(Revision);
        writer.Write(ETag ?? "");
        writer.Write(Location ?? "");
        writer.Write(ContentType ?? "");
        writer.Write(Body.Span);
        return stream.ToArray();
    }

    /// <summary>Answers the request with this.</summary>
    public Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        EntryResponses.SetRevision(response, Revision);
        if (ETag is not null)
            response.Headers.ETag = ETag;
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

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
