namespace KvStore.Server;

/// <summary>
/// Reads that send a whole state at the pace of their client: exports, and what a watch starts with. Each keeps a snapshot in memory, so that there
/// is a bound on how many there are, on how long each may take, and on the memory. Thread-safe.
/// </summary>
internal sealed class StreamedReads(Store store, Reads reads, KvStoreOptions options, TimeProvider time, ILogger<StreamedReads> logger) : IDisposable
{
    private static readonly TimeSpan LogWindowLength = TimeSpan.FromSeconds(10);

    private readonly ReadGate _gate = new(options.ExportsMax, options.Store.ExpensiveReadsWaitingMax, options.Store.ExpensiveReadWaitMax, time);
    private readonly LogWindow _log = new(1, LogWindowLength, time, count => logger.ReadsCutOff(count, LogWindowLength.TotalSeconds));

    /// <summary>The gate that such reads pass.</summary>
    public ReadGate Gate => _gate;

    /// <summary>Takes the snapshot of a request, once it may be sent.</summary>
    /// <returns>The read, which the caller disposes, or the problem.</returns>
    public async ValueTask<(StreamedRead? Read, Problem? Problem)> BeginAsync(HttpContext context, ReadRequest request)
    {
        // The order matters because a request that waits must not keep a snapshot in memory.
        if (await _gate.EnterAsync(context.RequestAborted) is not { } pass)
            return (null, Problems.Overloaded("exports and states to send", _gate.RetryAfter) with { Outcome = null });
        try
        {
            if (Lease(context, await reads.TakeAsync(request, context), pass, out var read) is not { } problem)
                return (read, null);
            pass.Dispose();
            return (null, problem);
        }
        catch
        {
            pass.Dispose();
            throw;
        }
    }

    public void Dispose() => _log.Dispose();

    // Not async: otherwise the snapshot would stay in memory as long as the request.
    private Problem? Lease(HttpContext context, Reads.Taken taken, ReadGate.Pass pass, out StreamedRead? read)
    {
        read = taken.Problem is null ? new StreamedRead(store.Lease(taken.Snapshot!, options.ExportTimeMax), pass, () => CutOff(context)) : null;
        return taken.Problem;
    }

    // What was sent must not look complete, so that the connection or the stream of HTTP/2 is reset.
    private void CutOff(HttpContext context)
    {
        context.Abort();
        if (_log.Admit())
            logger.ReadsCutOff(1, LogWindowLength.TotalSeconds);
    }
}

/// <summary>A snapshot that is being sent. Belongs to one request, which disposes it when it has sent it.</summary>
internal sealed class StreamedRead : IDisposable
{
    private readonly ReadGate.Pass _pass;
    private readonly SnapshotLease _lease;
    private readonly CancellationTokenRegistration _revoked;

    public StreamedRead(SnapshotLease lease, ReadGate.Pass pass, Action cutOff)
    {
        (_lease, _pass) = (lease, pass);
        _revoked = lease.Revoked.Register(cutOff);
    }

    public Snapshot Snapshot => _lease.Snapshot;

    public void Dispose()
    {
        // The order matters because the next request must not be cut off for this one.
        _revoked.Dispose();
        _lease.Dispose();
        _pass.Dispose();
    }
}
