using KvStore.Crdt;

namespace KvStore.Server.Tests;

/// <summary>Clients that keep replicas: each sends what it has done, and gets what it lacks.</summary>
public sealed class ReplicaSyncTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Sync_TwoClientsOffline_BothGetEverything()
    {
        (await server.ChangeAsync("note?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"shared\"}]}")).Expect(201);
        var (ada, bob) = ((TextReplica)await server.LoadAsync("note"), (TextReplica)await server.LoadAsync("note"));
        var (adaHad, bobHad) = (ada.Version, bob.Version);
        ada.Insert(0, "Ada's ");
        bob.Insert(6, " by Bob");

        Merge(ada, (await server.PushAsync("note", ada, adaHad)).Expect(200));
        Merge(bob, (await server.PushAsync("note", bob, bobHad)).Expect(200));
        Merge(ada, (await server.PushAsync("note", ada, null)).Expect(200));
        Assert.Equal(("Ada's shared by Bob", "Ada's shared by Bob"), (ada.GetText(), bob.GetText()));
        Assert.Equal("\"Ada's shared by Bob\"", await server.ReadAsync("note"));
        Assert.False((await server.PushAsync("note", ada, null)).Expect(200).Json.TryGetProperty("delta", out _));
    }

    [Fact]
    public async Task Sync_ValueMadeByClient_IsCreatedFromState()
    {
        var replica = (SetReplica)MergeableValue.Create(CrdtType.ORSet, ReplicaId.Create());
        replica.Change(["a", "b"], [], null, out _);
        (await server.SendAsync("mine?type=or-set", $"{{\"replica\":\"{replica.Self}\",\"delta\":\"{Convert.ToBase64String(replica.Encode())}\"}}")).Expect(201);
        Assert.Equal("[\"a\",\"b\"]", await server.ReadAsync("mine"));
        var other = (SetReplica)await server.LoadAsync("mine");
        Assert.Equal(replica.Encode(), other.Encode());
    }

    // Many at once, of which the service merges those that come during a commit into the next one.
    [Fact]
    public async Task Increment_ThousandAtOnce_IsExact()
    {
        const int Clients = 1000;
        (await server.ChangeAsync("likes?type=pn-counter", "{\"increment\":0}")).Expect(201);
        using var client = new KvClient(server.EndPoint, connectionsMax: 200);
        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => client.PostJsonAsync("/v1/crdt/likes", "{\"increment\":1}")));
        Assert.All(answers, answer => answer.Expect(200));
        Assert.Equal($"{Clients}", await server.ReadAsync("likes"));

        // Each has been merged before its answer.
        Assert.Equal(Clients, answers.Max(answer => answer.Json.GetProperty("value").GetInt32()));
        var commits = answers.Select(answer => answer.Revision).Distinct().Count();
        Assert.InRange(commits, 1, Clients - 1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Clients} increments in {commits} commits");
    }

    private static void Merge(CrdtReplica replica, Response answer)
    {
        if (answer.Json.TryGetProperty("delta", out _))
            replica.MergeFrom(answer.Delta());
        Assert.True(replica.Version.Covers(VersionVector.TryParse(answer.Version())!));
    }
}
