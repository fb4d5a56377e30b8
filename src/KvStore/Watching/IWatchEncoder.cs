namespace KvStore;

/// <summary>
/// Encodes commits for watchers. All watchers with the same filter share batches of commits, and a batch keeps its encoding: it is made
/// once per encoder, not once per watcher. Any thread calls it.
/// </summary>
/// <remarks>Use few encoders that live long: a batch keeps one encoding for each, found by reference.</remarks>
public interface IWatchEncoder
{
    /// <summary>Encodes the matching changes of commits.</summary>
    /// <param name="commits">The commits, in order; each has at least one matching change. Valid during the call.</param>
    /// <param name="filter">The filter of the watcher. Other changes of the commits must not be encoded.</param>
    /// <param name="encoding">The encoding. It must not change afterwards.</param>
    /// <returns>False when the encoder rejects the commits, for example because of their size. Each watcher then writes them itself.</returns>
    bool TryEncode(ReadOnlySpan<Commit> commits, WatchFilter filter, out ReadOnlyMemory<byte> encoding);
}
