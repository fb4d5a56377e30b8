using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace KvStore.Server;

/// <summary>
/// The web server's buffers, charged to an account. In place of the framework's pool, which does not say what it has. Thread-safe.
/// </summary>
/// <remarks>
/// A block is charged from its allocation until it is given to the collector, in use or not. So renting one that was used before, as
/// nearly every request does, charges nothing.
/// </remarks>
internal sealed class ConnectionMemory : IMemoryPoolFactory<byte>, IDisposable
{
    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(5);

    private readonly MemoryAccount _account;
    private readonly ITimer _timer;

    // The web server makes one for each of its queues, and keeps them until it stops.
    private readonly ConcurrentBag<Pool> _pools = [];

    public ConnectionMemory(Store store, TimeProvider time)
    {
        _account = store.Memory.Connections;
        _timer = time.CreateTimer(static memory => ((ConnectionMemory)memory!).Trim(), this, TrimInterval, TrimInterval);
    }

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null)
    {
        var pool = new Pool(_account);
        _pools.Add(pool);
        return pool;
    }

    /// <summary>Gives half of the unused blocks to the collector.</summary>
    public void Trim()
    {
        foreach (var pool in _pools)
            pool.Trim();
    }

    public void Dispose() => _timer.Dispose();

    private sealed class Pool(MemoryAccount account) : MemoryPool<byte>
    {
        private const int BlockBytes = 4096;

        // With the array's header, and the object that owns it.
        private const int ChargedBytes = BlockBytes + 80;

        private readonly ConcurrentQueue<Block> _unused = new();
        private volatile bool _isDisposed;

        public override int MaxBufferSize => BlockBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
            if (_unused.TryDequeue(out var block))
                return block;

            // Unconditional: an open connection cannot continue without it. Instead, new ones are refused (ConnectionGate).
            account.Charge(ChargedBytes);
            return new Block(this);
        }

        public void Trim() => Drop((_unused.Count + 1) / 2);

        protected override void Dispose(bool disposing)
        {
            _isDisposed = true;
            Drop(int.MaxValue);
        }

        private void Return(Block block)
        {
            _unused.Enqueue(block);
            if (_isDisposed)
                Drop(int.MaxValue);
        }

        private void Drop(int count)
        {
            for (; count > 0 && _unused.TryDequeue(out var block); count--)
                block.Drop();
        }

        private void Release() => account.Release(ChargedBytes);

#pragma warning disable CA1816 // A block that is disposed of is used again. It ends when it is dropped.

        // Pinned, because sockets read into it.
        private sealed class Block(Pool pool) : IMemoryOwner<byte>
        {
            // The web server forgets some connections with their buffers (CountedConnection), which would be charged for good.
            ~Block() => pool.Release();

            public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true), 0, BlockBytes);

            public void Dispose() => pool.Return(this);

            public void Drop()
            {
                GC.SuppressFinalize(this);
                pool.Release();
            }
        }
#pragma warning restore CA1816
    }
}
