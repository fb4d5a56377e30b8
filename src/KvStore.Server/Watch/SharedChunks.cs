using System.Runtime.InteropServices;

namespace KvStore.Server;

/// <summary>
/// Sends what a watcher shares with others from the memory where all of them have it, and copies it into the answer where that is not possible. Belongs to one request, and takes commits for it
/// while it waits.
/// </summary>
internal sealed class SharedChunks(Watcher watcher, WatchEventEncoder encoder, JsonOutput output, Principal principal) : IWatchReceiver
{
    // As much as the operating system takes for a client that receives (KvStoreOptions.SendBufferBytes). What is larger goes out in pieces, as the client takes them.
    private const int BytesMax = 64 * 1024;

    // A send that was begun while the request waited, and is left to it; null if there is none.
    private ValueTask? _sending;

    /// <summary>What takes commits while the request waits; null if all of them have to be written by it.</summary>
    public IWatchReceiver? Receiver => output.CanShare ? this : null;

    public bool TryTake(Watcher _)
    {
        if (principal.IsRevoked || !watcher.TryEncode(encoder, out var chunk) || encoder.EndsWith(watcher.Commits, watcher.Filter) || !TrySend(chunk, out var sending))
            return false;
        if (sending.IsCompletedSuccessfully)
            return true;
        _sending = sending;
        return false;
    }

    /// <summary>Waits for what was sent of the watcher's commits while the request waited for them. False if they are not sent.</summary>
    public async ValueTask<bool> TryFinishAsync()
    {
        if (_sending is not { } sending)
            return false;
        _sending = null;
        await sending;
        return true;
    }

    /// <summary>Sends a chunk, and waits while the client does not take it.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> chunk)
    {
        if (!output.IsFlushed)
            await output.FlushAsync();
        if (output.CanShare && TrySend(chunk, out var sending))
            await sending;
        else
            await output.AppendAsync(HttpChunk.ContentOf(chunk));
    }

    // False if it is too large, or the client has not taken what was flushed before. It gets a copy after that.
    private bool TrySend(ReadOnlyMemory<byte> chunk, out ValueTask sending)
    {
        sending = ValueTask.CompletedTask;
        if (chunk.IsEmpty)
            return true;
        if (chunk.Length > BytesMax || !MemoryMarshal.TryGetArray(chunk, out var segment) || output.TryShare(segment) is not { } started)
            return false;
        sending = started;
        return true;
    }
}
