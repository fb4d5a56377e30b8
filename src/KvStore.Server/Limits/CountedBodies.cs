using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>Counts the bytes of a request's body and of its answer. Everything else is passed on.</summary>
internal sealed class CountedBodies : IHttpResponseBodyFeature, IRequestBodyPipeFeature
{
    private readonly IHttpResponseBodyFeature _answer;
    private readonly CountingReader _reader;
    private readonly CountingWriter _writer;
    private readonly Stream _stream;

    private CountedBodies(IHttpResponseBodyFeature answer, PipeReader body)
    {
        _answer = answer;
        _reader = new CountingReader(body);
        _writer = new CountingWriter(answer.Writer);
        _stream = _writer.AsStream(leaveOpen: true);
    }

    /// <summary>The bytes so far.</summary>
    public long Bytes => _reader.Bytes + _writer.Bytes;

    public Stream Stream => _stream;

    public PipeWriter Writer => _writer;

    PipeReader IRequestBodyPipeFeature.Reader => _reader;

    /// <summary>Puts itself between the request and the web server.</summary>
    public static CountedBodies Of(HttpContext context)
    {
        var counted = new CountedBodies(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), context.Request.BodyReader);
        context.Features.Set<IHttpResponseBodyFeature>(counted);
        context.Features.Set<IRequestBodyPipeFeature>(counted);
        return counted;
    }

    public void DisableBuffering() => _answer.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => _answer.StartAsync(cancellationToken);

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => _answer.SendFileAsync(path, offset, count, cancellationToken);

    public Task CompleteAsync() => _answer.CompleteAsync();

    private sealed class CountingWriter(PipeWriter writer) : PipeWriter
    {
        private long _bytes;

        public long Bytes => Volatile.Read(ref _bytes);

        public override bool CanGetUnflushedBytes => writer.CanGetUnflushedBytes;

        public override long UnflushedBytes => writer.UnflushedBytes;

        public override void Advance(int bytes)
        {
            _bytes += bytes;
            writer.Advance(bytes);
        }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            _bytes += source.Length;
            return writer.WriteAsync(source, cancellationToken);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => writer.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => writer.Complete(exception);
    }

    private sealed class CountingReader(PipeReader reader) : PipeReader
    {
        private ReadOnlySequence<byte> _read;
        private long _bytes;

        public long Bytes => Volatile.Read(ref _bytes);

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Keep(await reader.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            var isRead = reader.TryRead(out result);
            if (isRead)
                Keep(result);
            return isRead;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            if (!_read.IsEmpty)
                _bytes += _read.Slice(_read.Start, consumed).Length;
            _read = default;
            reader.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => reader.CancelPendingRead();

        public override void Complete(Exception? exception = null) => reader.Complete(exception);

        private ReadResult Keep(ReadResult result)
        {
            _read = result.Buffer;
            return result;
        }
    }
}
