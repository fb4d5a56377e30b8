namespace KvStore.Server;

/// <summary>
/// How much longer the service waits for a client to send more of its body, or to take more of its answer. A bucket of time: waiting empties it,
/// bytes fill it. Neither a fast beginning nor a byte now and then buys more than <see cref="KvStoreOptions.BodySilenceMax"/>, so what a request
/// holds in memory is bounded in time by its size. Belongs to one request.
/// </summary>
internal struct ClientPatience(KvStoreOptions options)
{
    /// <summary>The longest next wait.</summary>
    public TimeSpan Left { readonly get; private set; } = options.BodySilenceMax;

    /// <summary>Records a wait and the bytes that it was for.</summary>
    public void Record(TimeSpan waited, long bytes)
    {
        var left = Left - waited + TimeSpan.FromSeconds((double)bytes / options.BodyBytesPerSecondMin);
        Left = left > options.BodySilenceMax ? options.BodySilenceMax : left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
