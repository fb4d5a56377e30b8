using System.Buffers;
using System.IO.Pipelines;

namespace KvStore.Server.Http;

/// <summary>Reads request bodies, counting the bytes of the body itself (the server's own limit counts chunk framing too).</summary>
internal static class RequestBody
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Reads the whole body into an array of exactly its size, which the caller owns.</summary>
    /// <returns>The body; null when it has more bytes than allowed, and then the rest is not read.</returns>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public static async ValueTask<byte[]?> ReadAsync(HttpContext context, long bytesMax)
    {
        if (context.Request.ContentLength is not { } length)
            return await ReadChunkedAsync(context.Request.Body, bytesMax, context.RequestAborted);
        if (length > bytesMax)
            return null;
        var body = GC.AllocateUninitializedArray<byte>((int)length);
        await FillAsync(context, body);
        return body;
    }

    /// <summary>Reads the whole body as the value of an entry: into the memory that it will be stored in, when its length is known.</summary>
    /// <returns>The entry; null when the body has more bytes than allowed, and then the rest is not read.</returns>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public static ValueTask<EntryDraft?> ReadDraftAsync(HttpContext context, Key key, string contentType, long bytesMax)
    {
        if (context.Request.ContentLength is not { } length)
            return CopyAsync(context, key, contentType, bytesMax);
        if (length > bytesMax)
            return ValueTask.FromResult<EntryDraft?>(null);
        var draft = new EntryDraft(key, (int)length, contentType);
        var filling = FillAsync(context, draft.Value);
        return filling.IsCompletedSuccessfully ? ValueTask.FromResult<EntryDraft?>(draft) : WaitAsync(filling, draft);

        static async ValueTask<EntryDraft?> WaitAsync(ValueTask filling, EntryDraft draft)
        {
            await filling;
            return draft;
        }

        static async ValueTask<EntryDraft?> CopyAsync(HttpContext context, Key key, string contentType, long bytesMax)
        {
            if (await ReadChunkedAsync(context.Request.Body, bytesMax, context.RequestAborted) is not { } body)
                return null;
            var draft = new EntryDraft(key, body.Length, contentType);
            body.CopyTo(draft.Value);
            return draft;
        }
    }

    /// <summary>Waits for more of the body.</summary>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public static async ValueTask<ReadResult> ReadMoreAsync(PipeReader body, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            throw BadChunk(exception);
        }
    }

    // Reads a body whose length is that of the memory.
    private static ValueTask FillAsync(HttpContext context, Memory<byte> value)
    {
        if (value.Length == 0)
            return ValueTask.CompletedTask;

        // A small body has mostly come with the headers, and is then here without any wait.
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

        return context.Request.Body.ReadExactlyAsync(value, context.RequestAborted);
    }

    private static async ValueTask<byte[]?> ReadChunkedAsync(Stream body, long bytesMax, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadToEndAsync(body, bytesMax, cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            throw BadChunk(exception);
        }
    }

    // A chunk that says that it is larger than 2 GiB: the one malformed body that the web server calls no bad request.
    private static BadHttpRequestException BadChunk(IOException exception) => new("Bad chunk size data.", StatusCodes.Status400BadRequest, exception);

    private static async ValueTask<byte[]?> ReadToEndAsync(Stream body, long bytesMax, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var length = 0; ;)
            {
                var read = await body.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                    return buffer.AsSpan(0, length).ToArray();
                length += read;
                if (length > bytesMax)
                    return null;
                if (length == buffer.Length)
                    buffer = Grow(buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] full)
    {
        var larger = ArrayPool<byte>.Shared.Rent(full.Length * 2);
        full.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(full);
        return larger;
    }
}
