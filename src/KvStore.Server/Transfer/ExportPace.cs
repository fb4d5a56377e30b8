namespace KvStore.Server;

/// <summary>
/// Lets an export rest while others write. One whose client reads as fast as it is sent never waits, so it keeps a processor busy, and the client on the same
/// machine another; then each of the switches of threads that a durable write takes has to wait for the end of a slice of time. Belongs to one request.
/// </summary>
internal sealed class ExportPace(Store store, TimeProvider time)
{
    /// <summary>How long an export runs before it rests, and how long it rests.</summary>
    /// <remarks>With it PUT beside an export keeps half of its requests, with a p99 of 18 ms; without rests 0.28 and 77 ms (bench/growth/run.sh --part beside).</remarks>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(2);

    // Those of one piece, so that the clock is not read for each entry.
    private const long BytesBetween = PacedOutput.PieceBytes;

    private long _revision = store.Latest.Revision;
    private long _startedAt = time.GetTimestamp();
    private long _bytes;

    /// <summary>Whether a rest is due after so many more bytes: the export has run for a while, and others have written meanwhile.</summary>
    public bool IsRestDue(long bytes)
    {
        _bytes += bytes;
        if (_bytes < BytesBetween)
            return false;
        _bytes = 0;
        if (time.GetElapsedTime(_startedAt) < Slice)
            return false;
        var revision = store.Latest.Revision;
        var haveWritten = revision != _revision;
        (_revision, _startedAt) = (revision, time.GetTimestamp());
        return haveWritten;
    }

    /// <summary>Rests as long as the export has run.</summary>
    public async Task RestAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Slice, time, cancellationToken);
        _startedAt = time.GetTimestamp();
    }
}
