namespace KvStore.Server;

/// <summary>
/// One read that waits for a change. While it waits it knows the revision that it has looked at and what a 304 says, but keeps neither the
/// snapshot nor the entry in memory. Belongs to one request.
/// </summary>
internal sealed class Poll(HttpContext context, KvStoreOptions options, LargeAnswers answers, Key key, Conditions conditions, Position? after)
{
    // Whether the answer after the wait may be that nothing has changed.
    private readonly bool _mayBeUnchanged = after is not null || conditions.MayBeNotModified;

    // A revision after this one is a change.
    private long _above;

    // The state that was looked at last.
    private long _revision;
    private Validators? _found;

    public Key Key => key;

    /// <summary>The answer, as soon as there is one.</summary>
    public Task? Answering { get; private set; }

    /// <summary>The revision after which to watch. An existing entry has not changed up to the last state. An absent one may have been deleted after the first.</summary>
    public long WatchAfter => _found is null ? _above : Math.Max(_above, _revision);

    /// <summary>Looks at the state that the request starts from.</summary>
    public Problem? Begin(Reads.Taken taken, Store store)
    {
        if (taken.Problem is { } problem)
            return problem;
        var snapshot = taken.Snapshot!;
        if (after?.Check(store, snapshot, LongPoll.AfterParameter) is { } misplaced)
            return misplaced;
        _above = after?.Revision ?? (_mayBeUnchanged ? 0 : snapshot.Revision);
        Look(snapshot);
        return null;
    }

    /// <summary>Looks at the state after a change.</summary>
    public void Continue(Snapshot latest)
    {
        if (latest.Find(key) is null)
            Answer(latest, null);
        else
            Look(latest);
    }

    /// <summary>Answers because the wait is over. The change that was waited for has not happened up to a position.</summary>
    public void End(Snapshot latest, long position)
    {
        if (!_mayBeUnchanged)
        {
            Answer(latest, latest.Find(key));
            return;
        }

        context.Response.SetRevision(Math.Max(position, _revision));
        EntryAnswer.SetNotModified(context.Response, _found);
        Answering = Task.CompletedTask;
    }

    private void Look(Snapshot snapshot)
    {
        var found = snapshot.Find(key);
        (_revision, _found) = (snapshot.Revision, found is { } seen ? Validators.Of(seen) : null);
        if (found is { } entry ? IsAnswer(entry) : after is null && _mayBeUnchanged)
            Answer(snapshot, found);
    }

    // A failed If-Match is an answer, too, and comes first (RFC 9110, section 13.2.2).
    private bool IsAnswer(Entry entry) =>
        conditions.IfMatch?.Passes(entry) == false || (entry.Revision > _above && !conditions.IsNotModified(entry));

    private void Answer(Snapshot snapshot, Entry? found) => Answering = EntryAnswer.WriteAsync(context, options, answers, snapshot, found, conditions);
}
