namespace KvStore.Server;

/// <summary>Where JSON is written: a writer for its structure, and below it the output, for what is JSON already. Not thread-safe.</summary>
/// <param name="output">The output.</param>
/// <param name="isOneLine">Whether line breaks of what is JSON already become spaces; they are only between its tokens.</param>
internal sealed class JsonTarget(IBufferWriter<byte> output, bool isOneLine = false)
{
    private long _embeddedBytes;

    public Utf8JsonWriter Json { get; } = new(output, JsonWriting.Options);

    /// <summary>For what is no JSON, such as line breaks between texts; after a <see cref="Reset"/>.</summary>
    public IBufferWriter<byte> Output => output;

    public bool IsOneLine => isOneLine;

    /// <summary>The bytes of JSON that were written since the last reset.</summary>
    public long Bytes => Json.BytesCommitted + Json.BytesPending + _embeddedBytes;

    /// <summary>Writes a part of what is JSON already. The writer does not notice: give it at least the last byte.</summary>
    public void Embed(ReadOnlySpan<byte> json)
    {
        Json.Flush();
        _embeddedBytes += json.Length;
        while (json.Length > 0)
        {
            var room = output.GetSpan();
            room = room[..Math.Min(room.Length, json.Length)];
            json[..room.Length].CopyTo(room);
            if (isOneLine)
            {
                room.Replace((byte)'\n', (byte)' ');
                room.Replace((byte)'\r', (byte)' ');
            }

            output.Advance(room.Length);
            json = json[room.Length..];
        }
    }

    /// <summary>Ends a text; another one may follow.</summary>
    public void Reset()
    {
        Json.Flush();
        Json.Reset();
        _embeddedBytes = 0;
    }
}
