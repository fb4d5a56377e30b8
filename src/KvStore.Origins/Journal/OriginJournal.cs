using System.Buffers;
using System.Threading.Channels;

namespace KvStore.Origins;

/// <summary>
/// Logs calls of an origin and their answers as they were, as lines of JSON in files: a worker of its own behind a bounded channel, so that it never makes a load wait. Calls
/// that it cannot keep up with, or cannot write, are counted instead. Any thread may use it.
/// </summary>
internal sealed class OriginJournal : IAsyncDisposable
{
    // What calls in the channel may have together: a line refers to the body that is stored, so it is mostly not memory of its own.
    private const long QueuedBytesMax = 32 << 20;
    private const int QueuedCallsMax = 4096;
    private const int CallBytes = 2048;

    // After a fault, so that a full disk is not asked for each call.
    private static readonly TimeSpan FaultRest = TimeSpan.FromSeconds(1);

    private readonly Channel<OriginCall> _channel = Channel.CreateBounded<OriginCall>(new BoundedChannelOptions(QueuedCallsMax) { SingleReader = true });
    private readonly Action<OriginEvent> _report;
    private readonly TimeProvider _time;
    private readonly JournalLine _format;
    private readonly JournalFiles _files;
    private readonly Task _worker;
    private long _queuedBytes;
    private long _written;
    private long _dropped;

    // Owned by the worker.
    private ArrayBufferWriter<byte> _line = new();
    private bool _isFaulty;
    private long _faultAt;

    /// <summary>Starts the worker. Files are created when there is something to write.</summary>
    /// <param name="options">The settings of an origin with a journal.</param>
    /// <param name="report">Called when files cannot be written, and when they can again. It must not throw.</param>
    /// <param name="time">The clock.</param>
    public OriginJournal(OriginOptions options, Action<OriginEvent> report, TimeProvider time)
    {
        (_report, _time) = (report, time);
        _format = new JournalLine(options);
        _files = new JournalFiles(options.Journal ?? throw new ArgumentException("The origin has no journal.", nameof(options)), time);
        _worker = Task.Run(WorkAsync);
    }

    /// <summary>Calls that were written.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Calls that were not written: too many came at a time, or files could not be written.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Logs a call, soon; or counts it as dropped.</summary>
    public void TryWrite(OriginCall call)
    {
        var bytes = CallBytes + call.BodyBytes;
        if (Interlocked.Add(ref _queuedBytes, bytes) <= QueuedBytesMax && _channel.Writer.TryWrite(call))
            return;
        Interlocked.Add(ref _queuedBytes, -bytes);
        Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what is queued, and ends the worker.</summary>
    public async ValueTask DisposeAsync()
    {
        _channel.Writer.TryComplete();
        await _worker;
        _files.Dispose();
    }

    private async Task WorkAsync()
    {
        await foreach (var call in _channel.Reader.ReadAllAsync())
        {
            if (TryAppend(call))
                Interlocked.Increment(ref _written);
            else
                Interlocked.Increment(ref _dropped);
            Interlocked.Add(ref _queuedBytes, -(CallBytes + call.BodyBytes));
        }
    }

    private bool TryAppend(OriginCall call)
    {
        if (_isFaulty && _time.GetElapsedTime(_faultAt) < FaultRest)
            return false;
        try
        {
            _line.ResetWrittenCount();
            _format.Write(call, _line);
            _files.Append(_line.WrittenSpan);

            // One large line must not be kept for all that follow.
            if (_line.Capacity > QueuedBytesMax / 8)
                _line = new ArrayBufferWriter<byte>();
            if (_isFaulty)
                _report(new(OriginEventKind.JournalRecovered, "The journal is written again."));
            _isFaulty = false;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_isFaulty)
                _report(new(OriginEventKind.JournalFailed, "The journal cannot be written. Calls are not logged until it can be.", exception));
            (_isFaulty, _faultAt) = (true, _time.GetTimestamp());
            return false;
        }
    }
}
