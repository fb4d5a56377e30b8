using System.Buffers;

namespace KvStore.Server.Http;

/// <summary>Reads request bodies, counting the bytes of the body itself (the server's own limit counts chunk framing too).</summary>
internal static class RequestBody
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Reads the whole body into an array of exactly its size, which the caller owns.</summary>
    /// <returns>The body; null when it has more bytes than allowed, and then the rest is not read.</returns>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public static ValueTask<byte[]?> ReadAsync(HttpContext context, long bytesMax)
    {
        var request = context.Request;
        if (request.ContentLength is not { } length)
            return ReadChunkedAsync(request.Body, bytesMax, context.RequestAborted);
        if (length > bytesMax)
            return ValueTask.FromResult<byte[]?>(null);
        if (length == 0)
            return ValueTask.FromResult<byte[]?>([]);

        // A small body has mostly come with the headers, and is then here without any wait.
        var reader = request.BodyReader;
        if (reader.TryRead(out var read))
        {
            var buffer = read.Buffer;
            if (buffer.Length == length)
            {
                var value = GC.AllocateUninitializedArray<byte>((int)length);
                buffer.CopyTo(value);
                reader.AdvanceTo(buffer.End);
                return ValueTask.FromResult<byte[]?>(value);
            }

            reader.AdvanceTo(buffer.Start);
        }

        return ReadExactlyAsync(request.Body, (int)length, context.RequestAborted);
    }

    private static async ValueTask<byte[]?> ReadExactlyAsync(Stream body, int length, CancellationToken cancellationToken)
    {
        var value = GC.AllocateUninitializedArray<byte>(length);
        await body.ReadExactlyAsync(value, cancellationToken);
        return value;
    }

    private static async ValueTask<byte[]?> ReadChunkedAsync(Stream body, long bytesMax, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadToEndAsync(body, bytesMax, cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            // A chunk that says that it is larger than 2 GiB: the one malformed body that the web server calls no bad request.
            throw new BadHttpRequestException("Bad chunk size data.", StatusCodes.Status400BadRequest, exception);
        }
    }

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
