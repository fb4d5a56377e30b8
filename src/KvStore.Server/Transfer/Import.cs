using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>
/// Reads entries, one per line, and stores them in batches, each of which has the next lines. Memory is bounded by a few batches and one
/// line, which are charged to an account: what cannot be stored yet is not read yet. Belongs to one request.
/// </summary>
internal sealed class Import(Store store, KvStoreOptions options, TimeProvider time, Principal principal, ServedOrigins? origins, ImportProgress? progress)
{
    // A byte of a key or a value takes at most six characters: \u0000.
    private const long EscapedBytesPerByte = 6;

    // Everything in a line besides the key and the value.
    private const long LineOverheadBytesMax = 4096;

    // A longer line gets an array that is not kept for the next one.
    private const int KeptLineBytesMax = 64 * 1024;

    // When nothing arrives for so long, what has arrived is stored, however little.
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(50);

    private readonly ImportBatch _batch = new();
    private readonly ImportWriter _writer = new(store, options.ImportWaitMax, time);
    private byte[] _line = [];
    private bool _hasBegun;

    public ImportReport Report { get; } = new(options.ImportErrorsMax);

    /// <summary>The revision that has all of it.</summary>
    public long Revision => _writer.Revision > 0 ? _writer.Revision : store.Latest.Revision;

    /// <returns>Null, or the problem that it ended with before everything was stored.</returns>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public async Task<Problem?> RunAsync(BodyReader input, CancellationToken cancellationToken)
    {
        using var memory = new ImportMemory(store.Memory.Transfers);
        if (!memory.TryHold(0))
            return Problems.Overloaded("imports and exports", RetryTimes.Overloaded);
        var lines = new LineSplitter(LineBytesMax(options));
        while (true)
        {
            var (read, notStored) = await ReadAsync(input, cancellationToken);
            if (principal.IsRevoked)
                return await EndedByAsync(Problems.Revoked());
            if (notStored is not null)
                return await EndedByAsync(notStored);
            var buffer = read.Buffer;
            while (lines.TryTake(ref buffer, read.IsCompleted, out var line, out var isTooLong))
            {
                var problem = Take(line, isTooLong);
                var failure = problem is null ? await StoreAsync(cancellationToken) : null;
                if (problem is not null || failure is not null)
                {
                    input.AdvanceTo(buffer.Start);
                    return problem ?? await EndedByAsync(failure!);
                }
            }

            var lineBytes = buffer.Length;
            input.AdvanceTo(buffer.Start, buffer.End);
            if (!memory.TryHold(lineBytes))
                return await EndedByAsync(Problems.Overloaded("imports and exports", RetryTimes.Overloaded));
            if (read.IsCompleted)
                return await StoreAllAsync(cancellationToken) is { } failure ? await EndedByAsync(failure) : null;
        }
    }

    /// <summary>The longest accepted line, in which an entry at the limits fits however it is escaped.</summary>
    public static long LineBytesMax(KvStoreOptions options) =>
        (((long)options.KeyBytesMax + options.ValueBytesMax) * EscapedBytesPerByte) + LineOverheadBytesMax;

    // The read is awaited even if storing fails: a request must not end during one.
    private async ValueTask<(ReadResult Read, Outcome? Failure)> ReadAsync(BodyReader input, CancellationToken cancellationToken)
    {
        var reading = input.ReadAsync();
        if (reading.IsCompleted || _batch.IsEmpty)
            return (await reading, null);
        var read = reading.AsTask();
        var hasPaused = await Task.WhenAny(read, Task.Delay(PauseMax, time, cancellationToken)) != read;
        var failure = hasPaused ? await SubmitAsync(cancellationToken) : null;
        return (await read, failure);
    }

    // When a batch is full, or progress is due.
    private ValueTask<Outcome?> StoreAsync(CancellationToken cancellationToken)
    {
        if (progress is not null && Report.Line % ImportProgress.LinesBetween == 0)
            return ReportAsync(progress, cancellationToken);
        return _batch.IsFull ? SubmitAsync(cancellationToken) : default;
    }

    // The order matters because reported lines must be stored.
    private async ValueTask<Outcome?> ReportAsync(ImportProgress output, CancellationToken cancellationToken)
    {
        var failure = await StoreAllAsync(cancellationToken);
        if (failure is null)
            output.Report(Report);
        return failure;
    }

    private async ValueTask<Outcome?> StoreAllAsync(CancellationToken cancellationToken)
    {
        var failure = _batch.IsEmpty ? null : await SubmitAsync(cancellationToken);
        var earlier = await _writer.WaitForAllAsync();
        return earlier ?? failure;
    }

    private async ValueTask<Outcome?> SubmitAsync(CancellationToken cancellationToken)
    {
        foreach (var (transaction, isLast) in _batch.TakeTransactions())
        {
            if (await _writer.SubmitAsync(transaction, isLast ? Report.Line : null, cancellationToken) is { } failure)
                return failure;
        }

        return null;
    }

    private Task<Problem> EndedByAsync(Outcome failure) => EndedByAsync(failure switch
    {
        Outcome.NotApplied notApplied => WriteOutcome.ProblemOf(notApplied),
        Outcome.GuardsFailed or Outcome.Rejected { Reason: RejectionReason.MergeableValue } => Problems.Unavailable("An entry was made meanwhile under the key of a mergeable value, or the other way round.", RetryTimes.QueueFull),
        Outcome.Rejected rejected => WriteOutcome.ProblemOf(rejected),
        _ => Problems.UnknownOutcome(),
    });

    private async Task<Problem> EndedByAsync(Problem problem)
    {
        await _writer.WaitForAllAsync();
        var (line, mayHaveMore) = (_writer.StoredLine, _writer.MayHaveMore);
        var stored = mayHaveMore ? $"All lines up to line {line} are stored, and later ones may be." : line > 0 ? $"All lines up to line {line} are stored, and none after it." : "No line is stored.";
        return problem with
        {
            Detail = $"The import ended at line {Report.Line}. {stored} "
                + "Send everything again: entries that are stored already are stored once more, unchanged.",
            Outcome = mayHaveMore ? "unknown" : "not-applied",
        };
    }

    // The problem of the body; that of a line is in the report.
    private Problem? Take(ReadOnlySequence<byte> line, bool isTooLong)
    {
        Report.Begin();
        var text = Contiguous(line);
        if (!isTooLong)
            return TextInput.IsBlank(TextInput.WithoutMark(text)) ? null : Take(text);
        if (!_hasBegun && ImportShape.RejectStart(text) is { } rejected)
            return rejected;
        _hasBegun = true;
        Report.Fail(Problems.MalformedRequest($"The line has more than {LineBytesMax(options)} bytes, more than an entry at the limits of keys and values."));
        return null;
    }

    private Problem? Take(ReadOnlySpan<byte> text)
    {
        if (!_hasBegun && ImportShape.Reject(text) is { } rejected)
            return rejected;
        _hasBegun = true;
        if (ImportLine.TryParse(text, options, time.GetUtcNow(), principal, out var draft) is { } problem)
        {
            Report.Fail(problem);
        }
        else if (draft is { } refused && (origins?.FindRejection(refused) ?? MergeableImport.FindRejection(refused, store, origins)) is { } rejection)
        {
            Report.Fail(rejection);
        }
        else if (draft is { } entry)
        {
            if (!MergeableImport.IsStored(entry, store))
                _batch.Add(entry);
            Report.Import();
        }
        else
        {
            Report.Expire();
        }

        return null;
    }

    private ReadOnlySpan<byte> Contiguous(ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
            return line.FirstSpan;
        var length = (int)line.Length;
        var text = length > KeptLineBytesMax ? GC.AllocateUninitializedArray<byte>(length) : _line.Length > 0 ? _line : _line = new byte[KeptLineBytesMax];
        line.CopyTo(text);
        return text.AsSpan(0, length);
    }
}
