using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>
/// Reads request bodies and limits the bytes of the body itself, without the framing of chunks. A body takes memory as it
/// arrives, whatever its length is said to be, and is charged to an account of all bodies; one that arrived with its headers is read at once. Thread-safe.
/// </summary>
internal sealed class RequestBodies(Store store, KvStoreOptions options)
{
    // A body of at most this size gets its array at once.
    private const int SmallBytes = 2 * BodyMemory.PieceBytesMin;

    /// <summary>Reads the whole body. The caller disposes of it.</summary>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public async ValueTask<ReceivedBody> ReadAsync(HttpContext context, long bytesMax)
    {
        var length = context.Request.ContentLength;
        if (length <= bytesMax && TryTake(context.Request.BodyReader, length.Value, out var arrived))
        {
            var whole = arrived.ToArray();
            Advance(context.Request.BodyReader, arrived);
            return new ReceivedBody(whole, null, null);
        }

        return await ReadSlowlyAsync(context, length, bytesMax);
    }

    /// <summary>
    /// Reads the whole body straight into the memory of the entry. If the entry <paramref name="expires"/>, the caller sets when
    /// (<see cref="EntryDraft.SetExpiry"/>).
    /// </summary>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public ValueTask<(EntryDraft Draft, Problem? Problem)> ReadDraftAsync(HttpContext context, Key key, string contentType, bool expires)
    {
        var length = context.Request.ContentLength;
        if (length > options.ValueBytesMax || !TryTake(context.Request.BodyReader, length ?? -1, out var arrived))
            return ReadSlowlyAsync(context, length, key, contentType, expires);
        var draft = NewDraft(key, (int)arrived.Length, contentType, expires);
        arrived.CopyTo(draft.Value.Span);
        Advance(context.Request.BodyReader, arrived);
        return ValueTask.FromResult<(EntryDraft, Problem?)>((draft, null));
    }

    /// <summary>Reads the whole body of a request whose media type must be JSON, which a page of another site cannot send. The caller disposes of it.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public ValueTask<ReceivedJson> ReadJsonAsync(HttpContext context)
    {
        if (!ContentTypes.IsJson(context.Request.ContentType ?? ""))
            return ValueTask.FromResult(new ReceivedJson(new ReceivedBody([], Problems.UnsupportedMediaType("Send JSON, with the header Content-Type: application/json."), null)));

        // The queue, or the account, could never admit more.
        var bytesMax = Math.Min(options.JsonBodyBytesMax, Math.Min(options.Store.QueueBytesMax, BodyMemory.BodyBytesMax(options.Store)));
        var reader = context.Request.BodyReader;
        if (!(context.Request.ContentLength is > 0 and var length && length <= bytesMax && TryTake(reader, length, out var arrived)))
            return CopyJsonAsync(context, bytesMax);
        if (arrived.IsSingleSegment)
            return ValueTask.FromResult(new ReceivedJson(arrived.First, reader, arrived.End));
        var whole = arrived.ToArray();
        reader.AdvanceTo(arrived.End);
        return ValueTask.FromResult(new ReceivedJson(new ReceivedBody(whole, null, null)));
    }

    /// <summary>A reader for a body that is used while it arrives; the caller disposes of it.</summary>
    public BodyReader Open(HttpContext context) => new(context.Request.BodyReader, options, context.RequestAborted);

    private async ValueTask<ReceivedJson> CopyJsonAsync(HttpContext context, long bytesMax) => new(await ReadAsync(context, bytesMax));

    private static EntryDraft NewDraft(Key key, int bytes, string contentType, bool expires) => new(key, bytes, contentType, expires ? DateTimeOffset.MaxValue : null);

    // A small body has usually arrived with the headers.
    private static bool TryTake(PipeReader reader, long length, out ReadOnlySequence<byte> body)
    {
        body = default;
        if (length == 0)
            return true;
        if (length < 0 || !reader.TryRead(out var read))
            return false;
        body = read.Buffer;
        if (body.Length == length)
            return true;
        reader.AdvanceTo(body.Start);
        return false;
    }

    private static void Advance(PipeReader reader, in ReadOnlySequence<byte> body)
    {
        if (!body.IsEmpty)
            reader.AdvanceTo(body.End);
    }

    private async ValueTask<ReceivedBody> ReadSlowlyAsync(HttpContext context, long? length, long bytesMax)
    {
        byte[] bytes = [];
        var memory = new BodyMemory(store.Memory.Bodies);
        try
        {
            var problem = await ReadSlowlyAsync(context, length, bytesMax, memory, size => bytes = GC.AllocateUninitializedArray<byte>(size));
            var body = new ReceivedBody(bytes, problem, memory);
            memory = null;
            return body;
        }
        finally
        {
            memory?.Dispose();
        }
    }

    private async ValueTask<(EntryDraft Draft, Problem? Problem)> ReadSlowlyAsync(HttpContext context, long? length, Key key, string contentType, bool expires)
    {
        // Once it is read, the queue is charged for it.
        using var memory = new BodyMemory(store.Memory.Bodies);
        EntryDraft draft = default;
        var problem = await ReadSlowlyAsync(context, length, options.ValueBytesMax, memory, size => (draft = NewDraft(key, size, contentType, expires)).Value);
        return (draft, problem);
    }

    private async ValueTask<Problem?> ReadSlowlyAsync(HttpContext context, long? length, long bytesMax, BodyMemory memory, Func<int, Memory<byte>> allocate)
    {
        if (length > bytesMax)
            return Problems.TooLarge(bytesMax);

        using var body = Open(context);
        var isComplete = false;

        // The array is allocated when half of the body is there: it is never more than twice what has arrived.
        while (!isComplete && !(length is { } total && (total <= SmallBytes || memory.PieceBytes >= total / 2)))
        {
            var read = await body.ReadAsync();
            var problem = memory.PieceBytes + read.Buffer.Length > bytesMax ? Problems.TooLarge(bytesMax)
                : memory.TryAppend(read.Buffer) ? null
                : Overload(context);
            body.AdvanceTo(read.Buffer.End);
            if (problem is not null)
                return problem;
            isComplete = read.IsCompleted;
        }

        var size = length ?? memory.PieceBytes;
        if (!memory.TryCharge(size))
            return Overload(context);
        var value = allocate((int)size);
        await FillAsync(body, value[memory.MoveTo(value.Span)..]);

        // A client decides how long its body takes, and with it how long its key would outlive its removal.
        return IKeyScope.Of(context)?.IsRevoked == true ? Problems.Revoked() : null;
    }

    private static async ValueTask FillAsync(BodyReader body, Memory<byte> value)
    {
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

    // The web server reads what is left of the body for 5 seconds, so that a client that sends all of it first still gets the answer.
    private static Problem Overload(HttpContext context)
    {
        context.Response.CloseConnection();
        return Problems.Overloaded("bodies of requests", RetryTimes.Overloaded);
    }
}
