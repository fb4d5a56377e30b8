using System.Buffers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>What connections take in memory is charged to an account, and bounded by it.</summary>
public sealed class ConnectionMemoryTests
{
    private const int BlockBytes = ConnectionMemory.BlockBytes;
    private const int LargeBlockBytes = ConnectionMemory.LargeBlockBytes;
    private const string Get = "GET /v1/kv/large HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [Fact]
    public async Task Connections_DoNotRead_AreChargedAndReleased()
    {
        const int Clients = 20;
        await using var server = await StartAsync();
        var account = server.Store.Memory.Connections;
        var memory = Assert.IsType<ConnectionMemory>(server.Services.GetRequiredService<IMemoryPoolFactory<byte>>());
        var before = account.Bytes;
        var clients = new List<RawConnection>();
        for (var i = 0; i < Clients; i++)
            clients.Add(await server.SendAsync(Get));
        await Soon.UntilAsync(() => account.Bytes - before > Clients * (ConnectionLimits.ConnectionBytes + (32 * 1024)));
        Assert.InRange(account.PeakBytes - before, 0, Clients * (ConnectionLimits.ConnectionBytes + (160 * 1024)));

        clients.ForEach(client => client.Reset());
        await Soon.UntilAsync(() =>
        {
            memory.Trim();
            return account.Bytes <= before + (10 * BlockBytes);
        });
    }

    [Fact]
    public async Task Connections_AccountFull_OpenOnesGoOn()
    {
        await using var server = await StartAsync();
        var account = server.Store.Memory.Connections;
        var gate = server.Services.GetRequiredService<ConnectionGates>().Clients;
        using var open = await server.ConnectAsync();
        (await open.RequestAsync("GET", "/v1/kv/small")).Expect(200);

        account.Charge(account.BytesMax);
        try
        {
            using var refused = await server.ConnectAsync();
        }
        catch (SocketException)
        {
            // It was reset before the client noticed that it was open.
        }

        await Soon.UntilAsync(() => gate.Refused == 1);
        (await open.RequestAsync("GET", "/v1/kv/large")).ExpectProblem(503, "overloaded");
        (await open.RequestAsync("PUT", "/v1/kv/small", "1", "Content-Type: application/json")).Expect(204);
        (await open.RequestAsync("GET", "/v1/kv/small")).Expect(200);
        account.Release(account.BytesMax);

        using var next = await server.ConnectAsync();
        (await next.RequestAsync("GET", "/v1/kv/large")).Expect(200);
    }

    [Fact]
    public async Task Rent_ReturnedBlocks_AreReusedThenReleased()
    {
        await using var store = await Stores.StartAsync();
        var account = store.Memory.Connections;
        using var memory = new ConnectionMemory(store, new FakeTimeProvider());
        using (var pool = memory.Create())
        {
            var blocks = Rent(pool, 10);
            Assert.All(blocks, block => Assert.Equal(LargeBlockBytes, block.Memory.Length));
            var ten = account.Bytes;
            Assert.InRange(ten, 10 * LargeBlockBytes, 10 * (LargeBlockBytes + 100));
            foreach (var block in blocks)
                block.Dispose();
            var again = pool.Rent();
            Assert.Contains(again, blocks);
            Assert.Equal(ten, account.Bytes);
            again.Dispose();
            memory.Trim();
            Assert.Equal(ten / 2, account.Bytes);
        }

        Assert.Equal(0, account.Bytes);
    }

    [Fact]
    public async Task Rent_LargeBlocksHaveTheirShare_OthersAreSmall()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { ConnectionsBytesMax = 8 * 3 * LargeBlockBytes });
        using var memory = new ConnectionMemory(store, new FakeTimeProvider());
        using (MemoryPool<byte> pool = memory.Create(), other = memory.Create())
        {
            List<IMemoryOwner<byte>> blocks = [.. Rent(pool, 2), .. Rent(other, 3), .. Rent(pool, 5)];
            Assert.Equal(3, blocks.Count(block => block.Memory.Length == LargeBlockBytes));
            Assert.Equal(7, blocks.Count(block => block.Memory.Length == BlockBytes));

            // One that is unused is still there, until it is given to the collector.
            blocks[0].Dispose();
            Assert.Equal(BlockBytes, other.Rent().Memory.Length);
            memory.Trim();
            Assert.Equal(LargeBlockBytes, other.Rent().Memory.Length);
        }
    }

    [Fact]
    public async Task Rent_BlockIsForgotten_IsReleased()
    {
        await using var store = await Stores.StartAsync();
        using var memory = new ConnectionMemory(store, new FakeTimeProvider());
        using var pool = memory.Create();
        RentAndForget(pool);
        await Soon.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return store.Memory.Connections.Bytes == 0;
        });

        static void RentAndForget(MemoryPool<byte> pool) => Assert.Equal(LargeBlockBytes, pool.Rent().Memory.Length);
    }

    private static IMemoryOwner<byte>[] Rent(MemoryPool<byte> pool, int count) => [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];

    private static async Task<KvServer> StartAsync()
    {
        var server = await KvServer.StartAsync(("SendBufferBytes", "64KiB"));
        await server.CommitAsync(Some.Put("large", new string('v', 1 << 20)), Some.Put("small"));
        return server;
    }
}
