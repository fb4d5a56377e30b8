using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace KvStore.Server;

/// <summary>
/// The web server's buffers, charged to an account. In place of the framework's pool, which does not say what it has. Thread-safe.
/// </summary>
/// <remarks>
/// A block is charged from its allocation until it is given to the collector, in use or not. So renting one that was used before, as
/// nearly every request does, charges nothing. Blocks are large while there are few: a receive fills one block at most, so a value of 1 MiB takes 32
/// receives in place of 256. A connection has a block only while it has bytes in it.
/// </remarks>
internal sealed class ConnectionMemory : IMemoryPoolFactory<byte>, IDisposable
{
    /// <summary>The bytes of a block, once there are many.</summary>
    public const int BlockBytes = 4096;

    /// <summary>
    /// The bytes of one of the first blocks. Chosen by <c>bench/surface/run.sh --rows put1048576</c>: a value of 1 MiB takes 965 us of processor time in
    /// blocks of 4 KiB, 624 of 16, 544 of 32 and 515 of 64.
    /// </summary>
    public const int LargeBlockBytes = 32 * 1024;

    // The part of the account that large blocks may have. The rest is for many connections, which have small ones.
    private const int LargeShare = 8;

    // The array's header, and the object that owns it.
    private const int ObjectBytes = 80;

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(5);

    private readonly MemoryAccount _account;
    private readonly ITimer _timer;

    // The web server makes one for each of its queues, and keeps them until it stops.
    private readonly ConcurrentBag<Pool> _pools = [];

    private long _largeBytes;

    public ConnectionMemory(Store store, TimeProvider time)
    {
        _account = store.Memory.Connections;
        _timer = time.CreateTimer(static memory => ((ConnectionMemory)memory!).Trim(), this, TrimInterval, TrimInterval);
    }

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null)
    {
        var pool = new Pool(this);
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

    private bool TryAddLarge()
    {
        // Read first: with many connections all of them are in use, and every request comes here.
        var bytesMax = (_account.BytesMax / LargeShare) - LargeBlockBytes;
        if (Volatile.Read(ref _largeBytes) > bytesMax)
            return false;
        if (Interlocked.Add(ref _largeBytes, LargeBlockBytes) <= bytesMax + LargeBlockBytes)
            return true;
        Interlocked.Add(ref _largeBytes, -LargeBlockBytes);
        return false;
    }

    // Unconditional: an open connection cannot continue without it. Instead, new ones are refused (ConnectionGate).
    private void Charge(int blockBytes) => _account.Charge(blockBytes + ObjectBytes);

    private void Release(int blockBytes)
    {
        _account.Release(blockBytes + ObjectBytes);
        if (blockBytes == LargeBlockBytes)
            Interlocked.Add(ref _largeBytes, -LargeBlockBytes);
    }

    private sealed class Pool(ConnectionMemory owner) : MemoryPool<byte>
    {
        private readonly ConcurrentQueue<Block> _unusedLarge = new();
        private readonly ConcurrentQueue<Block> _unused = new();
        private volatile bool _isDisposed;

        // What may be asked for. A block may be larger, and its renter uses all of it.
        public override int MaxBufferSize => BlockBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
            if (_unusedLarge.TryDequeue(out var large))
                return large;
            if (owner.TryAddLarge())
                return NewBlock(LargeBlockBytes);
            return _unused.TryDequeue(out var block) ? block : NewBlock(BlockBytes);
        }

        public void Trim()
        {
            Drop(_unusedLarge, (_unusedLarge.Count + 1) / 2);
            Drop(_unused, (_unused.Count + 1) / 2);
        }

        protected override void Dispose(bool disposing)
        {
            _isDisposed = true;
            DropAll();
        }

        private Block NewBlock(int bytes)
        {
            owner.Charge(bytes);
            return new Block(this, bytes);
        }

        private void Return(Block block)
        {
            (block.Memory.Length == LargeBlockBytes ? _unusedLarge : _unused).Enqueue(block);
            if (_isDisposed)
                DropAll();
        }

        private void DropAll()
        {
            Drop(_unusedLarge, int.MaxValue);
            Drop(_unused, int.MaxValue);
        }

        private static void Drop(ConcurrentQueue<Block> unused, int count)
        {
            for (; count > 0 && unused.TryDequeue(out var block); count--)
                block.Drop();
        }

        private void Release(int bytes) => owner.Release(bytes);

#pragma warning disable CA1816 // A block that is disposed of is used again. It ends when it is dropped.

        // Pinned, because sockets read into it.
        private sealed class Block(Pool pool, int bytes) : IMemoryOwner<byte>
        {
            // The web server forgets some connections with their buffers (CountedConnection), which would be charged for good.
            ~Block() => pool.Release(bytes);

            public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(bytes, pinned: true), 0, bytes);

            public void Dispose() => pool.Return(this);

            public void Drop()
            {
                GC.SuppressFinalize(this);
                pool.Release(bytes);
            }
        }
#pragma warning restore CA1816
    }
}
