namespace KvStore.Server;

/// <summary>
/// What a watch starts with: the revision after which changes are sent and, if it is requested, the initial state. A small one is copied, a large one
/// is streamed from a snapshot. Belongs to one request, and is disposed with it at the latest.
/// </summary>
/// <param name="account">What a copy is charged to.</param>
internal sealed class WatchBeginning(MemoryAccount account) : IDisposable
{
    private const int CopiedEntriesMax = 100;
    private const int CopiedBytesMax = 64 * 1024;

    private List<Entry>? _copied;
    private long _copiedBytes;
    private StreamedRead? _read;

    /// <summary>The revision after which changes are sent: that of the initial state, if there is one.</summary>
    public long After { get; private set; }

    /// <summary>Whether nothing is missing: there is no initial state, or it is copied.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Starts from a state that was taken. Not async, so that the snapshot does not stay in memory.</summary>
    public Problem? Take(Reads.Taken taken, Store store, in WatchRequest request)
    {
        if (taken.Problem is { } problem)
            return problem;
        var latest = taken.Snapshot!;
        if (request.After is { } position && position.Check(store, latest, request.AfterField) is { } misplaced)
            return misplaced;
        After = request.After?.Revision ?? latest.Revision;
        IsComplete = !request.WithInitial || TryCopy(latest, request.Filter.Range);
        return null;
    }

    /// <summary>Starts from a snapshot that is streamed.</summary>
    public void Stream(StreamedRead read) => (_read, After) = (read, read.Snapshot.Revision);

    /// <summary>The entries of the initial state; null if there is none.</summary>
    public IEnumerable<Entry>? EntriesOf(KeyRange range) => _copied ?? _read?.Snapshot.Scan(range);

    /// <summary>Releases the initial state, because it is sent.</summary>
    public void Release()
    {
        _copied = null;
        account.Release(_copiedBytes);
        _copiedBytes = 0;
        _read?.Dispose();
        _read = null;
    }

    public void Dispose() => Release();

    private bool TryCopy(Snapshot latest, KeyRange range)
    {
        if (latest.CountOf(range) > CopiedEntriesMax)
            return false;
        List<Entry> entries = [.. latest.Scan(range)];
        var bytes = entries.Sum(entry => entry.MemoryBytes);
        if (bytes > CopiedBytesMax || !account.TryCharge(bytes))
            return false;
        (_copied, _copiedBytes) = (entries, bytes);
        return true;
    }
}
