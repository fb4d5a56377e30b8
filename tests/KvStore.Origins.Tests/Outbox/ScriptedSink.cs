using System.Collections.Concurrent;

namespace KvStore.Origins.Tests;

/// <summary>
/// An origin that a test answers for. It checks what every delivery promises: a key at most once at a time, never something older after something newer, and the same idempotency key and value if it is
/// made again.
/// </summary>
internal sealed class ScriptedSink : IOriginSink
{
    private readonly ConcurrentDictionary<Key, int> _writing = [];
    private readonly ConcurrentDictionary<Key, OriginWrite> _newest = [];
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

    /// <summary>Lets calls wait until a gate is opened.</summary>
    /// <param name="result">What they are answered then.</param>
    public Gate Hold(WriteResult result)
    {
        var gate = new Gate();
        Script = async _ =>
        {
            await gate.PassAsync();
            return result;
        };
        return gate;
    }

    public async Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken)
    {
        if (_writing.AddOrUpdate(write.Key, 1, (_, count) => count + 1) > 1)
            Violation = $"{write.Key} is written twice at once.";
        if (_newest.TryGetValue(write.Key, out var before))
        {
            if (before.Revision > write.Revision)
                Violation = $"{write.Key} is written at {write.Revision} after {before.Revision}.";
            else if (before.Revision == write.Revision && (before.IdempotencyKey, Text(before)) != (write.IdempotencyKey, Text(write)))
                Violation = $"{write.Key} is written at {write.Revision} again, and not the same.";
        }

        _newest[write.Key] = write;
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

    private static string? Text(OriginWrite write) => write.Value is { } value ? Convert.ToHexString(value.Span) : null;
}
