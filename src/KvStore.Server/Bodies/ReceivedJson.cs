using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>
/// A body of JSON, or what is wrong with it. One that arrived with its headers is parsed where the web server has it, without a copy. Disposed of once, before the request waits
/// for anything.
/// </summary>
internal readonly struct ReceivedJson : IDisposable
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ReceivedBody _copy;
    private readonly PipeReader? _source;
    private readonly SequencePosition _end;

    /// <summary>A body in the memory of its source, which advances to its end when it is disposed of.</summary>
    public ReceivedJson(ReadOnlyMemory<byte> bytes, PipeReader source, SequencePosition end) => (_bytes, _source, _end) = (bytes, source, end);

    /// <summary>A body that was copied, or was not read.</summary>
    public ReceivedJson(ReceivedBody copy) => (_copy, _bytes) = (copy, copy.Bytes);

    public ReadOnlySpan<byte> Bytes => _bytes.Span;

    public Problem? Problem => _copy.Problem;

    public void Dispose()
    {
        _copy.Dispose();
        _source?.AdvanceTo(_end);
    }
}
