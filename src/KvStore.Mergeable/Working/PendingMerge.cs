namespace KvStore.Mergeable;

/// <summary>A request that has no result yet.</summary>
/// <param name="request">The request.</param>
/// <param name="bytes">What it holds in memory.</param>
/// <param name="startedAt">When it came.</param>
internal sealed class PendingMerge(MergeRequest request, long bytes, long startedAt)
{
    private const int ObjectBytes = 500;
    private const int ItemBytes = 50;

    // Otherwise a caller would continue on the worker's thread.
    private readonly TaskCompletionSource<MergeResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MergeRequest Request => request;

    public long Bytes => bytes;

    public long StartedAt => startedAt;

    public Task<MergeResult> Task => _completion.Task;

    /// <summary>Whether it is a transaction of its own, because its guards, or what repeats it, must not decide on others.</summary>
    public bool IsAlone => request.Idempotency is not null || !request.Guards.IsDefaultOrEmpty;

    /// <summary>A transaction that is replayed if the request was carried out before (and has filled the value since), and else changes nothing; null if it cannot be repeated.</summary>
    public Transaction? Probe => request.Idempotency is null ? null : new Transaction(request.Guards.IsDefault ? [] : request.Guards, []) { Idempotency = request.Idempotency };

    /// <summary>What a request holds in memory.</summary>
    public static long BytesOf(MergeRequest request) => ObjectBytes + ((request.Since?.Count ?? 0) * 16L) + request.Change switch
    {
        MergeChange.Delta delta => delta.Bytes.Length,
        MergeChange.Elements elements => elements.Add.Concat(elements.Remove).Sum(element => ItemBytes + (2L * element.Length)) + ((elements.Context?.Count ?? 0) * 16L),
        MergeChange.Edits edits => edits.List.Sum(edit => ItemBytes + (2L * (edit.Insert?.Length ?? 0))) + ((edits.Base?.Count ?? 0) * 16L),
        _ => 0,
    };

    public void SetResult(MergeResult result) => _completion.TrySetResult(result);

    public void SetException(Exception exception) => _completion.TrySetException(exception);

    /// <summary>Refuses all requests of a batch.</summary>
    public static void Refuse(IReadOnlyList<PendingMerge> batch, MergeRefusal refusal, long revision)
    {
        foreach (var pending in batch)
            pending.SetResult(new MergeResult.Refused(refusal, revision, null));
    }

    /// <summary>Gives all requests of a batch the outcome of a transaction that is not committed.</summary>
    public static void End(IReadOnlyList<PendingMerge> batch, Outcome outcome)
    {
        foreach (var pending in batch)
            pending.SetResult(new MergeResult.NotCommitted(outcome));
    }
}
