using System.Diagnostics;

namespace KvStore.Origins;

/// <summary>Where a load is.</summary>
internal enum LoadState
{
    /// <summary>In the queue.</summary>
    Queued,

    /// <summary>A worker calls the origin for it, or stores the answer.</summary>
    Running,

    /// <summary>A call failed, and it will be in the queue again.</summary>
    Delayed,

    /// <summary>It has its result, and is in no table any more. It may still be in the queue.</summary>
    Done,
}

/// <summary>One load of one key, for all requests that wait for it. The lock of <see cref="LoadTable"/> guards what changes.</summary>
/// <param name="key">The key.</param>
/// <param name="deadline">The timestamp at which it has failed.</param>
internal sealed class Load(Key key, long deadline)
{
    public Key Key => key;

    public long Deadline => deadline;

    /// <summary>What requests wait for. Their code runs on other threads.</summary>
    public TaskCompletionSource<LoadAnswer> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The span of the request that caused it; null if none is recorded.</summary>
    public Activity? Caller { get; } = LoadSpans.Caller;

    public LoadState State { get; set; }

    /// <summary>Whether a request waits for it, or has waited; otherwise it refreshes an entry that is still served.</summary>
    public bool IsForeground { get; set; }

    /// <summary>Calls that count against <see cref="OriginCallOptions.AttemptsMax"/>.</summary>
    public int Attempts { get; set; }

    /// <summary>The most loads of a call with this one; less after a call with more of them has failed.</summary>
    public int GroupMax { get; set; } = int.MaxValue;

    /// <summary>Why the last call failed; null before.</summary>
    public LoadResult.Failed? Failure { get; set; }

    /// <summary>What puts it back into the queue while it is delayed.</summary>
    public ITimer? Retry { get; set; }

    /// <summary>Its place in the order of deadlines.</summary>
    public LinkedListNode<Load>? Node { get; set; }
}
