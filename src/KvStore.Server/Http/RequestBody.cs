using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>Reads request bodies and limits the bytes of the body itself; the web server's own limit also counts chunk framing.</summary>
internal static class RequestBody
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Reads the whole body into an array of exactly its size, which the caller owns; null if it exceeds the limit.</summary>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public static async ValueTask<byte[]?> ReadAsync(HttpContext context, KvStoreOptions options, long bytesMax)
    {
        if (context.Request.ContentLength is not { } length)
            return await ReadChunkedAsync(context, options, bytesMax);
        if (length > bytesMax)
            return null;
        var body = GC.AllocateUninitializedArray<byte>((int)length);
        await FillAsync(context, options, body);
        return body;
    }

    /// <summary>
    /// Reads the whole body straight into the memory of the entry, if its length is known; null if it exceeds the limit. If the entry
    /// <paramref name="expires"/>, the caller sets when (<see cref="EntryDraft.SetExpiry"/>).
    /// </summary>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public static ValueTask<EntryDraft?> ReadDraftAsync(HttpContext context, KvStoreOptions options, Key key, string contentType, bool expires)
    {
        if (context.Request.ContentLength is not { } length)
            return CopyAsync(context, options, key, contentType, expires);
        if (length > options.ValueBytesMax)
            return ValueTask.FromResult<EntryDraft?>(null);
        var draft = new EntryDraft(key, (int)length, contentType, expires ? DateTimeOffset.MaxValue : null);
        var filling = FillAsync(context, options, draft.Value);
        return filling.IsCompletedSuccessfully ? ValueTask.FromResult<EntryDraft?>(draft) : WaitAsync(filling, draft);

        static async ValueTask<EntryDraft?> WaitAsync(ValueTask filling, EntryDraft draft)
        {
            await filling;
            return draft;
        }

        static async ValueTask<EntryDraft?> CopyAsync(HttpContext context, KvStoreOptions options, Key key, string contentType, bool expires)
        {
            if (await ReadChunkedAsync(context, options, options.ValueBytesMax) is not { } body)
                return null;
            var draft = new EntryDraft(key, body.Length, contentType, expires ? DateTimeOffset.MaxValue : null);
            body.CopyTo(draft.Value);
            return draft;
        }
    }

    /// <summary>Reads the whole body of a request whose media type must be JSON.</summary>
    public static async ValueTask<(byte[] Body, Problem? Problem)> ReadJsonAsync(HttpContext context, KvStoreOptions options)
    {
        if (!ContentTypes.IsJson(context.Request.ContentType ?? ContentTypes.Json))
            return ([], Problems.UnsupportedMediaType("Send JSON, with the header Content-Type: application/json."));

        // The queue could never admit more.
        var bytesMax = Math.Min(options.JsonBodyBytesMax, options.Store.QueueBytesMax);

        // Counted here, whatever the web server's limit.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        return await ReadAsync(context, options, bytesMax) is { } body ? (body, null) : ([], Problems.TooLarge(bytesMax));
    }

    /// <summary>A reader for a body that is used while it arrives; the caller disposes of it.</summary>
    public static BodyReader Open(HttpContext context, KvStoreOptions options) =>
        new(context.Request.BodyReader, options, context.RequestAborted);

    private static ValueTask FillAsync(HttpContext context, KvStoreOptions options, Memory<byte> value)
    {
        if (value.Length == 0)
            return ValueTask.CompletedTask;

        // A small body has usually arrived with the headers.
        var reader = context.Request.BodyReader;
        if (reader.TryRead(out var read))
        {
            var buffer = read.Buffer;
            if (buffer.Length == value.Length)
            {
                buffer.CopyTo(value.Span);
                reader.AdvanceTo(buffer.End);
                return ValueTask.CompletedTask;
            }

            reader.AdvanceTo(buffer.Start);
        }

        return FillSlowlyAsync(context, options, value);
    }

    private static async ValueTask FillSlowlyAsync(HttpContext context, KvStoreOptions options, Memory<byte> value)
    {
        using var body = Open(context, options);
        while (value.Length > 0)
        {
            var read = await body.ReadAsync();
            var part = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, value.Length));
            part.CopyTo(value.Span);
            value = value[(int)part.Length..];
            body.AdvanceTo(part.End);
            if (read.IsCompleted && value.Length > 0)
                throw new BadHttpRequestException("The body is shorter than its Content-Length.");
        }
    }

    private static async ValueTask<byte[]?> ReadChunkedAsync(HttpContext context, KvStoreOptions options, long bytesMax)
    {
        // The bytes of the body are counted here, without the framing of chunks; and what is too much must be read after the answer.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using var body = Open(context, options);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var length = 0; ;)
            {
                var read = await body.ReadAsync();
                if (length + read.Buffer.Length > bytesMax)
                {
                    body.AdvanceTo(read.Buffer.End);
                    return null;
                }

                var needed = length + (int)read.Buffer.Length;
                if (needed > buffer.Length)
                    buffer = Grow(buffer, needed);
                read.Buffer.CopyTo(buffer.AsSpan(length));
                length = needed;
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return buffer.AsSpan(0, length).ToArray();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] full, int bytesMin)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(full.Length * 2, bytesMin));
        full.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(full);
        return larger;
    }
}
