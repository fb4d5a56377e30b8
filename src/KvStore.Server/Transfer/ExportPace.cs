namespace KvStore.Server;

/// <summary>
/// Lets an export rest while others write. One whose client reads as fast as it is sent keeps a processor busy, and the client on the same machine another; then each of the
/// switches of threads that a durable write takes has to wait for the end of a slice of time. The time in which it waits for its client is rest. Belongs to one request.
/// </summary>
internal sealed class ExportPace(Store store, TimeProvider time)
{
    /// <summary>How long an export is busy before it rests.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(1);

    /// <summary>How long it rests, with its waits. A client behind a network of a gigabit takes four times as long as the export is busy, so that never rests.</summary>
    public static readonly TimeSpan Rest = 2 * Slice;

    // Those of one piece, so that the clock is not read for each entry.
    private const long BytesBetween = PacedOutput.PieceBytes;

    private long _bytes;

    // Of the current slice.
    private long _revision = store.Latest.Revision;
    private long _startedAt = time.GetTimestamp();
    private TimeSpan _waited;

    /// <summary>Waits until the client has taken enough.</summary>
    public ValueTask WaitAsync(ValueTask sending) => sending.IsCompletedSuccessfully ? sending : MeasureAsync(sending);

    /// <summary>Rests after so many more bytes, if the export has been busy for a slice and others have written meanwhile.</summary>
    public ValueTask RestAsync(long bytes, CancellationToken cancellationToken)
    {
        _bytes += bytes;
        if (_bytes < BytesBetween)
            return ValueTask.CompletedTask;
        _bytes = 0;
        if (time.GetElapsedTime(_startedAt) - _waited < Slice)
            return ValueTask.CompletedTask;
        var rest = store.Latest.Revision == _revision ? TimeSpan.Zero : Rest - _waited;
        Begin();
        return rest > TimeSpan.Zero ? new ValueTask(RestAsync(rest, cancellationToken)) : ValueTask.CompletedTask;
    }

    private async ValueTask MeasureAsync(ValueTask sending)
    {
        var startedAt = time.GetTimestamp();
        await sending;
        _waited += time.GetElapsedTime(startedAt);
    }

    private async Task RestAsync(TimeSpan rest, CancellationToken cancellationToken)
    {
        // A delay ignores fractions of a millisecond.
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(rest.TotalMilliseconds)), time, cancellationToken);
        Begin();
    }

    private void Begin() => (_revision, _startedAt, _waited) = (store.Latest.Revision, time.GetTimestamp(), TimeSpan.Zero);
}
