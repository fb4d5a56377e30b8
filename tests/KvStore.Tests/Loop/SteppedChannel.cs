using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace KvStore.Tests;

/// <summary>A bounded channel whose reader lets a test act between any two of its reads, as another thread could.</summary>
internal sealed class SteppedChannel<T> : Channel<T>
{
    public SteppedChannel(int capacity)
    {
        var channel = Channel.CreateBounded<T>(capacity);
        (Reader, Writer) = (new SteppedReader(channel.Reader, this), channel.Writer);
    }

    /// <summary>Called before and after each read, with the number of steps so far.</summary>
    public Action<int> Step { get; set; } = _ => { };

    private int Steps { get; set; }

    private sealed class SteppedReader(ChannelReader<T> reader, SteppedChannel<T> channel) : ChannelReader<T>
    {
        public override bool CanCount => true;

        public override int Count => reader.Count;

        public override bool TryRead([MaybeNullWhen(false)] out T item)
        {
            channel.Step(channel.Steps++);
            var isRead = reader.TryRead(out item);
            channel.Step(channel.Steps++);
            return isRead;
        }

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => reader.WaitToReadAsync(cancellationToken);
    }
}
