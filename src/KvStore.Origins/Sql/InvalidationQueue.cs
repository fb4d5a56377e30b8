using System.Threading.Channels;

namespace KvStore.Origins;

/// <summary>
/// Commits what notifications say is invalid, many keys at a time, and again until it is committed. When too much waits, everything of the origin is invalid instead, which is one commit; so any number of notifications takes
/// no more than a bounded memory. Any thread may add.
/// </summary>
internal sealed class InvalidationQueue(OriginState state, Store store, TimeProvider time)
{
    /// <summary>The most keys that wait.</summary>
    public const int KeysMax = 10_000;

    private const int PrefixesMax = 64;
    private const int CommitKeysMax = 1000;

    /// <summary>The time between two commits, in which notifications gather. The first one after a silence does not wait.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Channel<bool> _added = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    // Guards all that follows.
    private readonly Lock _lock = new();
    private readonly HashSet<Key> _keys = [];
    private readonly List<ReadOnlyMemory<byte>> _prefixes = [];

    /// <summary>Everything of the origin is invalid.</summary>
    public void AddAll() => Add(new NotificationPayload([], state.Prefix));

    /// <summary>Adds what is invalid.</summary>
    public void Add(NotificationPayload invalid)
    {
        lock (_lock)
        {
            _keys.UnionWith(invalid.Keys);
            if (invalid.Prefix is { } prefix && !_prefixes.Exists(one => prefix.Span.StartsWith(one.Span)))
                _prefixes.Add(prefix);
            if (_keys.Count > KeysMax || _prefixes.Count > PrefixesMax)
            {
                _keys.Clear();
                _prefixes.Clear();
                _prefixes.Add(state.Prefix);
            }
        }

        _added.Writer.TryWrite(true);
    }

    /// <summary>Commits until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (await _added.Reader.WaitToReadAsync(stopping).ConfigureAwait(false))
        {
            _added.Reader.TryRead(out _);
            while (Take() is var (keys, prefix))
            {
                // The store may be loading, or full of writes.
                while (await store.SubmitAsync(prefix is { } all ? state.InvalidatePrefix(store.Latest, all.Span) : state.Invalidate(keys)).ConfigureAwait(false) is not Outcome.Committed)
                    await Task.Delay(RetryDelay, time, stopping).ConfigureAwait(false);
                await Task.Delay(Pause, time, stopping).ConfigureAwait(false);
            }
        }
    }

    // What is taken waits no more: one that comes now has to be committed again.
    private (Key[] Keys, ReadOnlyMemory<byte>? Prefix)? Take()
    {
        lock (_lock)
        {
            if (_prefixes.Count > 0)
            {
                var prefix = _prefixes[0];
                _prefixes.RemoveAt(0);
                _keys.RemoveWhere(key => key.Utf8.StartsWith(prefix.Span));
                return ([], prefix);
            }

            if (_keys.Count == 0)
                return null;
            Key[] keys = [.. _keys.Take(CommitKeysMax)];
            _keys.ExceptWith(keys);
            return (keys, null);
        }
    }
}
