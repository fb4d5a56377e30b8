using KvStore.Crdt;

namespace KvStore.Client.Tests;

/// <summary>Replicas that are offline, restarted and brought together again.</summary>
public sealed class ReplicaTests
{
    private readonly FakeMergeableService _service = new();

    [Fact]
    public async Task Open_AbsentValue_MakesItOnceForAll()
    {
        var devices = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Device.StartAsync(_service, CrdtType.PNCounter)));
        foreach (var device in devices)
            device.Replica.Increment(3);
        foreach (var device in devices)
            await device.SyncAsync();
        foreach (var device in devices)
        {
            await device.SyncAsync();
            Assert.Equal(15, device.Replica.Number);
            Assert.Equal((KvReplicaStatus.Live, false), (device.Replica.Status, device.Replica.HasUnsent));
            await device.DisposeAsync();
        }
    }

    [Fact]
    public async Task Open_UnreachableAndNothingSaved_Fails()
    {
        await Assert.ThrowsAsync<KvStoreException>(() => Device.StartAsync(_service, CrdtType.Text, isCut: true));
        await using var text = await Device.StartAsync(_service, CrdtType.Text);
        Assert.Equal(KvReplicaStatus.Replaced, (await Assert.ThrowsAsync<KvReplicaException>(() => Device.StartAsync(_service, CrdtType.ORSet))).Status);
    }

    [Fact]
    public async Task Change_Offline_IsMergedLater()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.Text);
        one.Replica.Insert(0, "shared \U0001F600 text");
        await one.SyncAsync();
        await using var other = await Device.StartAsync(_service, CrdtType.Text);

        one.Connection.Cut();
        other.Connection.Cut();
        one.Replica.Insert(0, "our ");
        other.Replica.Edit([new TextEdit(7, "\U0001F680", 1), new TextEdit(13, "s", 0)]);
        await one.StatusAsync(KvReplicaStatus.Offline);
        Assert.True(one.Replica.HasUnsent);
        one.Connection.Mend();
        other.Connection.Mend();
        await one.SyncAsync();
        await other.SyncAsync();
        await one.SyncAsync();
        Assert.Equal("our shared \U0001F680 texts", one.Replica.Text);
        Assert.Equal(one.Replica.Text, other.Replica.Text);
    }

    [Fact]
    public async Task Change_OfAnother_RaisesChanged()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.ORSet);
        await using var other = await Device.StartAsync(_service, CrdtType.ORSet);
        await one.SyncAsync();
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        one.Replica.Changed += (_, _) => changed.TrySetResult();
        other.Replica.Change(["milk", "eggs"]);
        await changed.Task.Within();
        await Soon.UntilAsync(() => one.Replica.Elements is ["eggs", "milk"]);
        one.Replica.Change([], ["milk"]);
        await Soon.UntilAsync(() => other.Replica.Elements is ["eggs"]);
    }

    // The positions are those of the text that was read, whatever has been merged since.
    [Fact]
    public async Task Edit_OfAVersion_GoesWhereItWasMeant()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.Text);
        await using var other = await Device.StartAsync(_service, CrdtType.Text);
        one.Replica.Insert(0, "hello world");
        await one.SyncAsync();
        var (text, version) = one.Replica.ReadText();
        await other.SyncAsync();
        other.Replica.Insert(0, "well, ");
        await Soon.UntilAsync(() => one.Replica.Text.Length > text.Length);
        one.Replica.Edit([new TextEdit(text.IndexOf("world", StringComparison.Ordinal), "my ", 0)], version);
        Assert.Equal("well, hello my world", one.Replica.Text);
        Assert.Throws<InvalidOperationException>(() => one.Replica.Edit([new TextEdit(0, "x", 0)], MergeableValue.Create(CrdtType.Text, ReplicaId.Create()) is TextReplica foreign && foreign.Insert(0, "y") == IntentOutcome.Applied ? foreign.Version : null));
    }

    [Fact]
    public async Task Change_ThatCannotBe_Throws()
    {
        await using var counter = await Device.StartAsync(_service, CrdtType.GCounter);
        counter.Replica.Increment(long.MaxValue);
        Assert.Throws<OverflowException>(() => counter.Replica.Increment());
        Assert.Throws<InvalidOperationException>(() => counter.Replica.Increment(-1));
        Assert.Throws<InvalidOperationException>(() => counter.Replica.Insert(0, "x"));
        Assert.Throws<InvalidOperationException>(() => counter.Replica.Text);
        Assert.Equal(long.MaxValue, counter.Replica.Number);

        _service.Delete();
        await using var text = await Device.StartAsync(_service, CrdtType.Text);
        Assert.Throws<ArgumentOutOfRangeException>(() => text.Replica.Insert(1, "x"));
        Assert.Throws<ArgumentException>(() => text.Replica.Insert(0, "\ud83d"));
        await text.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => text.Replica.Insert(0, "x"));
    }

    // The process ends between the saving and the sending, or between the sending and the answer.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reopen_AfterAKill_SendsWhatWasSavedOnce(bool arrives)
    {
        var one = await Device.StartAsync(_service, CrdtType.PNCounter);
        await one.SyncAsync();
        var wasSent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        one.Connection.Fault = request =>
        {
            if (request.Method == HttpMethod.Post && one.Replica.HasUnsent)
                wasSent.TrySetResult();
            return (arrives, false);
        };
        one.Replica.Increment(7);
        await wasSent.Task.Within();
        await one.KillAsync();

        await using var again = await Device.StartAsync(_service, CrdtType.PNCounter, one.Storage.Copy(), isCut: true);
        Assert.Equal(7, again.Replica.Number);
        again.Replica.Increment(100);
        again.Connection.Mend();
        await again.SyncAsync();
        Assert.Equal(107, again.Replica.Number);
        Assert.Equal((Int128)107, _service.Read(value => ((CounterReplica)value).Value));
    }

    [Fact]
    public async Task Reopen_Offline_HasWhatWasSaved()
    {
        var one = await Device.StartAsync(_service, CrdtType.ORSet);
        one.Replica.Change(["a", "b"]);
        await one.SyncAsync();
        one.Connection.Cut();
        one.Replica.Change(["c"], ["a"]);
        var id = one.Replica.Id;
        await one.DisposeAsync();

        await using var again = await Device.StartAsync(_service, CrdtType.ORSet, one.Storage, isCut: true);
        Assert.Equal(["b", "c"], again.Replica.Elements);
        Assert.Equal((id, true), (again.Replica.Id, again.Replica.HasUnsent));
        again.Connection.Mend();
        await again.SyncAsync();
        Assert.Equal(["b", "c"], _service.Read(value => ((SetReplica)value).Elements));
    }

    [Fact]
    public async Task Save_Failing_SendsNothing()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.PNCounter);
        await one.SyncAsync();
        one.Storage.Failure = new IOException("The disk is full.");
        one.Replica.Increment(5);
        await one.StatusAsync(KvReplicaStatus.Failed);
        Assert.Same(one.Storage.Failure, one.Replica.Failure);
        Assert.Equal((Int128)0, _service.Read(value => ((CounterReplica)value).Value));
        one.Storage.Failure = null;
        await Soon.UntilAsync(() => _service.Read(value => ((CounterReplica)value).Value) == 5);
    }

    [Fact]
    public async Task Refusal_OfTheService_IsShownAndTriedAgain()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.PNCounter);
        _service.Refusal = (403, "forbidden");
        one.Replica.Increment(5);
        await one.StatusAsync(KvReplicaStatus.Failed);
        Assert.Equal("forbidden", Assert.IsType<KvStoreException>(one.Replica.Failure).Problem);
        await Assert.ThrowsAsync<KvStoreException>(one.SyncAsync);
        _service.Refusal = null;
        await one.StatusAsync(KvReplicaStatus.Live);
        await one.SyncAsync();
        Assert.Equal((Int128)5, _service.Read(value => ((CounterReplica)value).Value));
    }

    // The service has lost what the replicas had sent before: they bring it again.
    [Fact]
    public async Task Service_RestoredFromABackup_GetsWhatItLost()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.Text);
        one.Replica.Insert(0, "a");
        await one.SyncAsync();
        var backup = _service.Read(value => value.Encode());
        one.Replica.Insert(1, "b");
        await one.SyncAsync();
        _service.Restore(backup);
        one.Replica.Insert(2, "c");
        await one.SyncAsync();
        Assert.Equal("abc", _service.Read(value => ((TextReplica)value).GetText()));
    }

    [Fact]
    public async Task Memory_BeyondTheLimit_RefusesChanges()
    {
        using var http = new HttpClient(new FakeConnection(_service)) { Timeout = Timeout.InfiniteTimeSpan };
        using var client = new KvStoreClient(http, FakeMergeableService.Address);
        await using var replica = await KvMergeableReplica.OpenAsync(client, Device.Key, CrdtType.Text, new KvReplicaOptions { MemoryBytesMax = 100_000 }, Clients.Token);
        Assert.Throws<InvalidOperationException>(() =>
        {
            for (var i = 0; i < 1000; i++)
                replica.Insert(0, new string('x', 1000));
        });
        Assert.InRange(replica.Text.Length, 1000, 100_000);
    }
}
