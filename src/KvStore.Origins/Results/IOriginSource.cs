namespace KvStore.Origins;

/// <summary>Asks an origin. Neither coalesces, nor waits for tokens, nor retries: that is the work of those who call it. Thread-safe.</summary>
public interface IOriginSource : IAsyncDisposable
{
    /// <summary>The most keys of one call; 1 for an origin that takes a call for each key.</summary>
    int KeysMax { get; }

    /// <summary>Asks for some keys in one call.</summary>
    /// <param name="requests">The keys, each once, at most <see cref="KeysMax"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A result for each request, in their order. What fails is a <see cref="LoadResult.Failed"/>, not an exception.</returns>
    Task<IReadOnlyList<LoadResult>> LoadAsync(IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken);
}
