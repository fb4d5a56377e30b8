namespace KvStore.Server;

/// <summary>
/// Reads entries, one per line, and stores them in batches, in the order of the lines. Memory is bounded by a few batches and one
/// line: what cannot be stored yet is not read yet. Belongs to one request.
/// </summary>
internal sealed class Import(Store store, KvStoreOptions options, TimeProvider time, ImportProgress? progress)
{
    // A byte of a key or a value takes at most six characters: \u0000.
    private const long EscapedBytesPerByte = 6;

    // Everything in a line besides the key and the value.
    private const long LineOverheadBytesMax = 4096;

    private readonly ImportBatch _batch = new();
    private readonly ImportWriter _writer = new(store, options.ImportWaitMax, time);
    private byte[] _line = [];

    public ImportReport Report { get; } = new(options.ImportErrorsMax);

    /// <summary>The revision that has all of it.</summary>
    public long Revision => _writer.Revision > 0 ? _writer.Revision : store.Latest.Revision;

    /// <returns>Null, or the outcome that it ended with before everything was stored.</returns>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    public async Task<Outcome?> RunAsync(BodyReader input, CancellationToken cancellationToken)
    {
        var lines = new LineSplitter(LineBytesMax(options));
        while (true)
        {
            var read = await input.ReadAsync();
            var buffer = read.Buffer;
            while (lines.TryTake(ref buffer, read.IsCompleted, out var line, out var isTooLong))
            {
                Take(line, isTooLong);
                if (await StoreAsync(cancellationToken) is { } failure)
                {
                    input.AdvanceTo(buffer.Start);
                    return failure;
                }
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                return await StoreAllAsync(cancellationToken);
        }
    }

    /// <summary>The longest accepted line, in which an entry at the limits fits however it is escaped.</summary>
    public static long LineBytesMax(KvStoreOptions options) =>
        (((long)options.KeyBytesMax + options.ValueBytesMax) * EscapedBytesPerByte) + LineOverheadBytesMax;

    // When a batch is full, or progress is due.
    private ValueTask<Outcome?> StoreAsync(CancellationToken cancellationToken)
    {
        if (progress is not null && Report.Line % ImportProgress.LinesBetween == 0)
            return ReportAsync(progress, cancellationToken);
        return _batch.IsFull ? _writer.SubmitAsync(_batch.TakeTransaction(), cancellationToken) : default;
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
        var failure = _batch.IsEmpty ? null : await _writer.SubmitAsync(_batch.TakeTransaction(), cancellationToken);
        var earlier = await _writer.WaitForAllAsync();
        return earlier ?? failure;
    }

    private void Take(ReadOnlySequence<byte> line, bool isTooLong)
    {
        Report.Begin();
        if (isTooLong)
            Report.Fail(Problems.MalformedRequest($"The line has more than {LineBytesMax(options)} bytes."));
        else if (Contiguous(line) is var text && !text.Trim(" \t\r"u8).IsEmpty)
            Take(text);
    }

    private void Take(ReadOnlySpan<byte> text)
    {
        if (ImportLine.TryParse(text, options, time.GetUtcNow(), out var draft) is { } problem)
        {
            Report.Fail(problem);
        }
        else if (draft is { } entry)
        {
            _batch.Add(entry);
            Report.Import();
        }
        else
        {
            Report.Expire();
        }
    }

    private ReadOnlySpan<byte> Contiguous(ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
            return line.FirstSpan;
        var length = (int)line.Length;
        if (_line.Length < length)
            _line = GC.AllocateUninitializedArray<byte>((int)Math.Min(2L * length, Array.MaxLength));
        line.CopyTo(_line);
        return _line.AsSpan(0, length);
    }
}
