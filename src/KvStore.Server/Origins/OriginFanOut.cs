using System.Threading.Channels;
using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Reads of many keys, some of which come from origins: all are loaded at once, and the request waits for them together. Thread-safe.</summary>
internal sealed class OriginFanOut(ServedOrigins origins, Reads reads, TimeProvider time)
{
    /// <summary>Loads what has to be loaded, and waits for that.</summary>
    /// <param name="context">The request.</param>
    /// <param name="request">The state that it reads.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="wait">The longest that it waits. Loads that take longer continue.</param>
    public async Task<FanOutLoads> LoadAsync(HttpContext context, ReadRequest request, IReadOnlyList<Key> keys, TimeSpan wait)
    {
        var loads = new FanOutLoads();
        await foreach (var _ in StreamAsync(context, request, keys, wait, loads))
        {
            // Only the end matters.
        }

        return loads;
    }

    /// <summary>The same, and says which keys can be answered as soon as they can: first those that need no load, and then those whose loads have ended.</summary>
    /// <param name="context">The request.</param>
    /// <param name="request">The state that it reads.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="wait">The longest that it waits.</param>
    /// <param name="loads">Receives what became of the loads.</param>
    public async IAsyncEnumerable<IReadOnlyList<Key>> StreamAsync(HttpContext context, ReadRequest request, IReadOnlyList<Key> keys, TimeSpan wait, FanOutLoads loads)
    {
        RequestLog.MarkClientPaced(context);
        var missing = FindMissing(await reads.TakeAsync(request, context), keys);
        var ended = Channel.CreateUnbounded<Key>(new UnboundedChannelOptions { SingleReader = true });
        using var late = new CancellationTokenSource(wait, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);
        var all = Task.WhenAll(missing.Select(load => LoadAsync(load.Origin, load.Key, loads, ended.Writer, ending.Token)));
        _ = all.ContinueWith(_ => ended.Writer.Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            yield return [.. keys.Except(missing.Select(load => load.Key))];
            while (await ended.Reader.WaitToReadAsync(CancellationToken.None))
            {
                // Together, so that those that end at the same time are one piece of the answer.
                var some = new List<Key>();
                while (ended.Reader.TryRead(out var key))
                    some.Add(key);
                yield return some;
            }
        }
        finally
        {
            // Those that wait still have no place of a waiter any more.
            await ending.CancelAsync();
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        context.RequestAborted.ThrowIfCancellationRequested();
    }

    /// <summary>What the answer has of a key: the entry, that there is none, that it is not known yet, or why it could not be loaded.</summary>
    public FanOutPart PartOf(Snapshot snapshot, Key key, FanOutLoads loads)
    {
        var stored = new FanOutPart(snapshot.Find(key), IsPending: false, null);
        if (origins.Find(key) is not { } origin)
            return stored;
        var state = origin.State.Evaluate(snapshot, key);
        var part = new FanOutPart(state.Entry, IsPending: false, null);
        if (state.IsFresh || state.MayRevalidate || !origin.Options.HasSource)
            return part;
        return loads.AnswerOf(key) switch
        {
            null or { Commit: LoadCommit.Raced } => new(null, IsPending: true, null),
            { Result: LoadResult.Failed } when state.MayServeOnError => part,
            { Result: LoadResult.Failed failed } => new(null, IsPending: false, OriginProblems.NotLoaded(failed)),
            { Commit: LoadCommit.NotStored, Ticket.IsBeingWritten: true } => new(null, IsPending: true, null),
            { Commit: LoadCommit.NotStored, Result: LoadResult.Found } => new(null, IsPending: false, OriginProblems.NotStored()),
            { Commit: LoadCommit.NotStored, Result: LoadResult.Absent } => default,
            { Result: LoadResult.Found or LoadResult.NotModified } when state.Standing == KeyStanding.Unknown => new(null, IsPending: true, null),
            _ => part,
        };
    }

    // Not async: otherwise the snapshot would stay in memory until everything is loaded. What is served stale is loaded behind the answer.
    private List<(ServedOrigin Origin, Key Key)> FindMissing(Reads.Taken taken, IReadOnlyList<Key> keys)
    {
        var missing = new List<(ServedOrigin, Key)>();
        if (taken.Snapshot is not { } snapshot)
            return missing;
        foreach (var key in keys.Distinct())
        {
            if (origins.Find(key) is not { Options.HasSource: true } origin)
                continue;
            var state = origin.State.Evaluate(snapshot, key);
            if (!state.IsFresh && !state.MayRevalidate)
                missing.Add((origin, key));
            else if (!state.IsFresh || state.IsRefreshDue)
                origin.Refresh(key);
        }

        return missing;
    }

    private static async Task LoadAsync(ServedOrigin origin, Key key, FanOutLoads loads, ChannelWriter<Key> ended, CancellationToken cancellationToken)
    {
        var answer = await origin.Pool.LoadAsync(key, () => origin.EvaluateLatest(key) is { IsFresh: false, MayRevalidate: false }, cancellationToken);
        if (answer is not null)
            loads.Add(key, answer);
        ended.TryWrite(key);
    }
}

/// <summary>What became of the loads of a request. Thread-safe.</summary>
internal sealed class FanOutLoads
{
    private readonly Dictionary<Key, LoadAnswer> _answers = [];

    public void Add(Key key, LoadAnswer answer)
    {
        lock (_answers)
            _answers[key] = answer;
    }

    /// <summary>What became of a load; null if it has not ended in time.</summary>
    public LoadAnswer? AnswerOf(Key key)
    {
        lock (_answers)
            return _answers.GetValueOrDefault(key);
    }
}

/// <summary>What an answer has of one key.</summary>
/// <param name="Entry">The entry; null if there is none, or it is not known.</param>
/// <param name="IsPending">Whether it is being loaded.</param>
/// <param name="Problem">Why it could not be loaded, or null.</param>
internal readonly record struct FanOutPart(Entry? Entry, bool IsPending, Problem? Problem);
