using System.Net.ServerSentEvents;

namespace KvStore.Client;

/// <summary>One connection of a watch. Belongs to one thread at a time.</summary>
internal sealed class WatchConnection(HttpResponseMessage response, long revision, Stream stream, TimeSpan silenceMax) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<SseItem<string>> _items = SseParser.Create(stream).EnumerateAsync(CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);

    /// <summary>The revision of the store when the watch began.</summary>
    public long Revision => revision;

    /// <summary>The next event; null if the connection ended or was silent for too long.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<SseItem<string>?> ReadAsync(CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(silenceMax);

        // Closing the connection is the only sure way to end a read of its stream.
        await using var closing = silence.Token.Register(response.Dispose).ConfigureAwait(false);
        try
        {
            return await _items.MoveNextAsync().ConfigureAwait(false) ? _items.Current : null;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        response.Dispose();
        await _items.DisposeAsync().ConfigureAwait(false);
    }
}
