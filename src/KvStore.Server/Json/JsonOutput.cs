namespace KvStore.Server;

/// <summary>A JSON answer, sent while it is written, so that a large one does not accumulate in memory. Belongs to one request.</summary>
internal sealed class JsonOutput
{
    private readonly PacedOutput _output;

    /// <param name="context">The request.</param>
    /// <param name="options">How long the service waits for the client.</param>
    /// <param name="contentType">The media type.</param>
    /// <param name="isOneLine">Whether stored JSON must not have line breaks.</param>
    /// <param name="tryHold">Charges what is in memory while the client does not read; false: do not wait for it. Null if that is charged already.</param>
    public JsonOutput(HttpContext context, KvStoreOptions options, string contentType = ContentTypes.Json, bool isOneLine = false, Func<bool>? tryHold = null)
    {
        _output = new PacedOutput(context, options, tryHold);
        Target = new JsonTarget(_output.Writer, isOneLine);
        context.Response.SetContent(contentType);
    }

    public JsonTarget Target { get; }

    public Utf8JsonWriter Json => Target.Json;

    /// <summary>Ends a line of <see cref="ContentTypes.Lines"/>, and begins the next one.</summary>
    public void EndLine()
    {
        Target.Reset();
        JsonWriting.EndLine(Target.Output);
    }

    /// <summary>Adds what is encoded already, and sends what is a piece.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> encoded)
    {
        while (encoded.Length > 0)
        {
            var piece = encoded[..Math.Min(encoded.Length, PacedOutput.PieceBytes)];
            encoded = encoded[piece.Length..];
            Target.Output.Write(piece.Span);
            await FlushIfFullAsync();
        }
    }

    /// <summary>Whether everything that was written is flushed.</summary>
    public bool IsFlushed => Json.BytesPending + _output.Writer.UnflushedBytes == 0;

    /// <inheritdoc cref="PacedOutput.CanShare"/>
    public bool CanShare => _output.CanShare;

    /// <inheritdoc cref="PacedOutput.TryShare"/>
    public ValueTask? TryShare(ArraySegment<byte> chunk) => _output.TryShare(chunk);

    /// <summary>Sends what was written once it is a piece, and waits while the client does not take it.</summary>
    public ValueTask FlushIfFullAsync() => Json.BytesPending + _output.Writer.UnflushedBytes < PacedOutput.PieceBytes ? ValueTask.CompletedTask : FlushAsync();

    /// <summary>Sends what was written. Not a disposal, so that a failure before the first flush can still become a problem.</summary>
    public ValueTask FlushAsync()
    {
        Json.Flush();
        return _output.FlushAsync();
    }
}
