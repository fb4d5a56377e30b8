using System.Runtime.InteropServices;

namespace KvStore.Server;

/// <summary>
/// What a watcher has read and not sent yet of what it shares with others: one send carries it all, from the memory that all of them send. Belongs to one request.
/// </summary>
internal sealed class SharedChunks(Watcher watcher, JsonOutput output)
{
    // As much as the operating system takes for a client that receives (KvStoreOptions.SendBufferBytes). What is larger goes out in pieces, as the client takes them.
    private const int BytesMax = 64 * 1024;

    // A watcher that stops reading keeps as many batches.
    private const int CountMax = 16;

    private readonly List<ArraySegment<byte>> _chunks = [];
    private int _bytes;

    /// <summary>Adds what the watcher has encoded, and sends what there is once it is enough.</summary>
    public async ValueTask AddAsync(ReadOnlyMemory<byte> chunk)
    {
        if (_bytes + chunk.Length > BytesMax || _chunks.Count == CountMax)
            await FlushAsync();
        if (chunk.Length > BytesMax || !output.CanShare || !MemoryMarshal.TryGetArray(chunk, out var segment))
        {
            await output.AppendAsync(HttpChunk.ContentOf(chunk));
            return;
        }

        if (segment.Count == 0)
            return;
        watcher.Keep();
        _chunks.Add(segment);
        _bytes += segment.Count;
    }

    /// <summary>Sends what was added, and waits while the client does not take it. Before anything else is written.</summary>
    public async ValueTask FlushAsync()
    {
        if (_bytes == 0)
            return;
        if (!output.IsFlushed)
            await output.FlushAsync();
        if (output.TryShare(_chunks, _bytes) is { } sending)
        {
            await sending;
        }
        else
        {
            // The client has not taken what was written before. It gets a copy after that.
            foreach (var chunk in _chunks)
                await output.AppendAsync(HttpChunk.ContentOf(chunk));
        }

        _chunks.Clear();
        _bytes = 0;
        watcher.ReleaseKept();
    }
}
