using System.Collections.Concurrent;

namespace KvStore.Origins.Tests;

/// <summary>An origin that a test answers for. It checks what every delivery promises: a key at most once at a time, and never something older after something newer.</summary>
internal sealed class ScriptedSink : IOriginSink
{
    private readonly ConcurrentDictionary<Key, int> _writing = [];
    private readonly ConcurrentDictionary<Key, long> _revisions = [];
    private int _inFlight;

    /// <summary>Answers a call.</summary>
    public Func<OriginWrite, Task<WriteResult>> Script { get; set; } = _ => Task.FromResult(Written);

    public static WriteResult Written { get; } = new WriteResult.Written();

    public static WriteResult Refused { get; } = new WriteResult.Refused("The origin answered 422.");

    public static WriteResult Ill { get; } = new WriteResult.Failed(LoadFailure.BadAnswer, null, "The origin answered 500.");

    public static WriteResult Unreachable { get; } = new WriteResult.Failed(LoadFailure.BadAnswer, null, "The origin cannot be reached.") { MayBeWritten = false, IsUnreachable = true };

    /// <summary>The calls, in the order in which they began.</summary>
    public ConcurrentQueue<OriginWrite> Calls { get; } = [];

    /// <summary>Calls in progress.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>What was broken; null if nothing was.</summary>
    public string? Violation { get; private set; }

    public async Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken)
    {
        if (_writing.AddOrUpdate(write.Key, 1, (_, count) => count + 1) > 1)
            Violation = $"{write.Key} is written twice at once.";
        if (_revisions.AddOrUpdate(write.Key, write.Revision, (_, revision) => Math.Max(revision, write.Revision)) > write.Revision)
            Violation = $"{write.Key} is written at {write.Revision} after something newer.";
        Interlocked.Increment(ref _inFlight);
        Calls.Enqueue(write);
        try
        {
            return await Script(write).WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
            _writing.AddOrUpdate(write.Key, 0, (_, count) => count - 1);
        }
    }
}
