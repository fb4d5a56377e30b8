using KvStore.Crdt;

namespace KvStore.Client.Tests;

/// <summary>Replicas that cannot keep their id, or their value.</summary>
public sealed class ReplicaRestartTests
{
    private readonly FakeMergeableService _service = new();

    public static TheoryData<CrdtType, bool> TypesAndArrivals()
    {
        var data = new TheoryData<CrdtType, bool>();
        foreach (var type in Enum.GetValues<CrdtType>().Skip(1))
        {
            data.Add(type, true);
            data.Add(type, false);
        }

        return data;
    }

    // One change was sent without an answer, another one was not sent, and then the service has retired the replica. The state says whether the first one arrived.
    [Theory]
    [MemberData(nameof(TypesAndArrivals))]
    public async Task Retired_WithChangesOfUnknownOutcome_RepeatsWhatDidNotArrive(CrdtType type, bool arrives)
    {
        await using var one = await Device.StartAsync(_service, type);
        Change(one, 1);
        await one.SyncAsync();
        var id = one.Replica.Id;
        one.Connection.Fault = request => request.Method != HttpMethod.Post || !one.Replica.HasUnsent ? (true, true) : (arrives, false);
        Change(one, 2);
        await Soon.UntilAsync(() => !arrives || _service.Read(value => value.Version[id]) == one.Replica.Version[id]);

        // The watch may bring it back, which is as good as an answer.
        await Soon.UntilAsync(() => one.Replica.Status == KvReplicaStatus.Offline || (arrives && !one.Replica.HasUnsent));
        one.Connection.Cut();
        Change(one, 3);

        // Other clients change it, and garbage is collected twice, which drops what the replica had deleted or been beside.
        await using (var other = await Device.StartAsync(_service, type))
        {
            Change(other, 4);
            await other.SyncAsync();
            Collect(id);
            await other.SyncAsync();
            Change(other, 5);
            await other.SyncAsync();
            Collect(id);
        }

        one.Connection.Fault = _ => (true, true);
        one.Connection.Mend();
        await one.SyncAsync();
        AssertHasEachOnce(type, 5);
        Assert.Equal(ValueOf(one.Replica), _service.Read(ValueOf));
    }

    [Fact]
    public async Task Retired_SetWithRemovals_RemovesOnlyWhatItHadSeen()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.ORSet);
        await using var other = await Device.StartAsync(_service, CrdtType.ORSet);
        other.Replica.Change(["seen", "again", "kept"]);
        await other.SyncAsync();
        await one.SyncAsync();
        one.Replica.Change(["mine"]);
        await one.SyncAsync();
        one.Connection.Cut();
        one.Replica.Change([], ["seen", "again", "mine"]);
        one.Replica.Change(["new", "fleeting"]);
        one.Replica.Change([], ["fleeting"]);
        other.Replica.Change(["again"]);
        await other.SyncAsync();
        other.Replica.Change([], ["mine"]);
        await other.SyncAsync();
        var id = one.Replica.Id;
        Collect(id);
        await other.SyncAsync();

        one.Connection.Mend();
        await one.SyncAsync();
        Assert.NotEqual(id, one.Replica.Id);
        Assert.Equal(["again", "kept", "new"], one.Replica.Elements);
        Assert.Equal(one.Replica.Elements, _service.Read(value => ((SetReplica)value).Elements));
    }

    [Fact]
    public async Task Retired_Text_IsTypedWhereItWas()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.Text);
        one.Replica.Insert(0, "The fox jumps.");
        await one.SyncAsync();
        await using var other = await Device.StartAsync(_service, CrdtType.Text);
        await one.SyncAsync();
        one.Connection.Cut();
        one.Replica.Insert(4, "quick ");
        one.Replica.Delete(13, 6);
        one.Replica.Insert(13, " is here");
        other.Replica.Insert(3, " brown");
        await other.SyncAsync();
        var id = one.Replica.Id;
        for (var i = 0; i < 3; i++)
        {
            Collect(id, floor: _service.Read(value => value.Epoch));
            await other.SyncAsync();
        }

        one.Connection.Mend();
        await one.SyncAsync();
        Assert.Equal("The brown quick fox is here.", one.Replica.Text);
    }

    // What was saved is used at two places at once.
    [Theory]
    [MemberData(nameof(Types))]
    public async Task Copy_AtAnotherPlace_TakesANewId(CrdtType type)
    {
        var one = await Device.StartAsync(_service, type);
        Change(one, 1);
        await one.SyncAsync();
        one.Connection.Cut();
        await one.StatusAsync(KvReplicaStatus.Offline);
        Change(one, 2);
        await one.Replica.SaveAsync(Clients.Token);
        await using var copy = await Device.StartAsync(_service, type, one.Storage.Copy("elsewhere"), isCut: true);
        Assert.NotEqual(one.Replica.Id, copy.Replica.Id);
        Change(one, 3);
        Change(copy, 4);
        copy.Connection.Mend();
        await copy.SyncAsync();
        one.Connection.Mend();
        await one.SyncAsync();
        AssertHasEachOnce(type, 4);
        await one.DisposeAsync();
    }

    // An older copy is restored at the same place; the service shows that more was sent since.
    [Theory]
    [MemberData(nameof(Types))]
    public async Task Copy_OlderThanWhatWasSent_TakesANewId(CrdtType type)
    {
        var one = await Device.StartAsync(_service, type);
        Change(one, 1);
        await one.SyncAsync();
        one.Connection.Cut();
        Change(one, 2);
        await one.Replica.SaveAsync(Clients.Token);
        var backup = one.Storage.Copy();
        one.Connection.Mend();
        Change(one, 3);
        await one.SyncAsync();
        await one.DisposeAsync();

        // It is also restarted before it reaches the service.
        var first = await Device.StartAsync(_service, type, backup, isCut: true);
        Change(first, 4);
        await first.DisposeAsync();
        await using var again = await Device.StartAsync(_service, type, backup, isCut: true);
        Change(again, 5);
        again.Connection.Mend();
        await again.SyncAsync();
        AssertHasEachOnce(type, 5);
        Assert.Equal(ValueOf(again.Replica), _service.Read(ValueOf));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deleted_AndMadeAgain_IsReportedAndNeverMerged(bool repeats)
    {
        await using var one = await Device.StartAsync(_service, CrdtType.ORSet);
        one.Replica.Change(["old"]);
        await one.SyncAsync();
        one.Connection.Cut();
        one.Replica.Change(["unsent"], ["old"]);
        _service.Delete();
        one.Connection.Mend();
        await one.StatusAsync(KvReplicaStatus.Deleted);
        Assert.Equal(KvReplicaStatus.Deleted, (await Assert.ThrowsAsync<KvReplicaException>(one.SyncAsync)).Status);

        await using (var other = await Device.StartAsync(_service, CrdtType.ORSet))
        {
            other.Replica.Change(["new"]);
            await other.SyncAsync();
        }

        await one.StatusAsync(KvReplicaStatus.Replaced);
        Assert.Equal(["unsent"], one.Replica.Elements);
        await one.Replica.RestartAsync(repeats, Clients.Token).Within();
        await one.SyncAsync();
        Assert.Equal(repeats ? ["new", "unsent"] : ["new"], one.Replica.Elements);
        Assert.Equal(one.Replica.Elements, _service.Read(value => ((SetReplica)value).Elements));
        await Assert.ThrowsAsync<InvalidOperationException>(() => one.Replica.RestartAsync(repeats, Clients.Token));
    }

    [Fact]
    public async Task Deleted_WhileConnected_CanBeMadeAgain()
    {
        await using var one = await Device.StartAsync(_service, CrdtType.Text);
        one.Replica.Insert(0, "text");
        await one.SyncAsync();
        _service.Delete();
        await one.StatusAsync(KvReplicaStatus.Deleted);
        one.Replica.Insert(4, " more");
        await one.Replica.RestartAsync(repeatsUnsent: true, Clients.Token).Within();
        await one.SyncAsync();
        Assert.Equal(" more", _service.Read(value => ((TextReplica)value).GetText()));
    }

    // Two clients begin without the service: both are kept.
    [Theory]
    [MemberData(nameof(Types))]
    public async Task CreatedOffline_ByTwo_KeepsBoth(CrdtType type)
    {
        var one = await Device.StartAsync(_service, type, isCut: true, createsOffline: true);
        await using var other = await Device.StartAsync(_service, type, isCut: true, createsOffline: true);
        Change(one, 1);
        Change(other, 2);
        await one.DisposeAsync();
        await using var again = await Device.StartAsync(_service, type, one.Storage, isCut: true);
        Change(again, 3);
        again.Connection.Mend();
        other.Connection.Mend();
        await again.SyncAsync();
        await other.SyncAsync();
        AssertHasEachOnce(type, 3);
    }

    public static TheoryData<CrdtType> Types() => [.. Enum.GetValues<CrdtType>().Skip(1)];

    // A change that can be told from the others, also twice.
    private static void Change(Device device, int change)
    {
        switch (device.Replica.Type)
        {
            case CrdtType.Text:
                device.Replica.Insert(device.Replica.Text.Length / 2, $"<{change}>");
                break;
            case CrdtType.ORSet or CrdtType.GSet:
                device.Replica.Change([$"{change}"]);
                break;
            default:
                device.Replica.Increment(1L << (4 * change));
                break;
        }
    }

    private void AssertHasEachOnce(CrdtType type, int changes)
    {
        var all = Enumerable.Range(1, changes);
        switch (type)
        {
            case CrdtType.Text:
                var text = (string)_service.Read(ValueOf);
                Assert.Equal(string.Concat(all.Select(change => $"<{change}>")).Order(), text.Order());
                break;
            case CrdtType.ORSet or CrdtType.GSet:
                Assert.Equal(all.Select(change => $"{change}"), (IEnumerable<string>)_service.Read(ValueOf));
                break;
            default:
                Assert.Equal((Int128)all.Sum(change => 1L << (4 * change)), _service.Read(ValueOf));
                break;
        }
    }

    private static object ValueOf(KvMergeableReplica replica) => replica.Type switch
    {
        CrdtType.Text => replica.Text,
        CrdtType.ORSet or CrdtType.GSet => replica.Elements,
        _ => replica.Number,
    };

    private static object ValueOf(CrdtReplica value) => value switch
    {
        TextReplica text => text.GetText(),
        SetReplica set => set.Elements.ToArray(),
        _ => ((CounterReplica)value).Value,
    };

    private void Collect(ReplicaId retired, ulong floor = 0) => _service.Collect([retired], _service.Read(value => value.Version), floor);
}
