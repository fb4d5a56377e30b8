using Google.Protobuf;
using Grpc.Core;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>The etcd of the simulation answers as a real one does.</summary>
[Trait("Needs", "packages")]
public sealed class DifferentialTests
{
    private const int Operations = 200;

    [Fact]
    public async Task Operations_OnRealAndFakeEtcd_AreAnsweredAlike()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var random = Seed.NewRandom();
        await using var real = await RealEtcd.StartAsync();
        var fake = new FakeEtcdServer();
        var operations = new EtcdOperations(random);
        var (changes, refusals) = (0, 0);
        for (var i = 0; i < Operations; i++)
        {
            var before = fake.Revision;
            var request = operations.Next(before);
            var (expected, actual) = (await AskAsync(real, request), Ask(fake, request));
            Assert.True(expected == actual, $"Operation {i}: {request}\nreal: {expected}\nfake: {actual}");
            changes += fake.Revision > before ? 1 : 0;
            refusals += actual.StartsWith('!') ? 1 : 0;
        }

        Assert.True(changes > 20 && refusals > 5, $"{changes} changes, {refusals} refusals");

        // So that every watch has something to deliver.
        foreach (var last in new[] { EtcdOperations.Put("k0"), EtcdOperations.Delete("k0") })
            Assert.Equal(await AskAsync(real, last), Ask(fake, last));
        for (var i = 0; i < 5; i++)
        {
            var request = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("k"), RangeEnd = ByteString.CopyFromUtf8("k6"), PrevKv = i == 4 };
            request.StartRevision = i == 0 ? 1 : random.NextInt64(fake.CompactedRevision + 1, fake.Revision - 1);
            if (i == 2)
                request.Filters.Add(WatchCreateRequest.Types.FilterType.Nodelete);
            if (i == 3)
                request.Filters.Add(WatchCreateRequest.Types.FilterType.Noput);
            var (expected, actual) = (await real.WatchAsync(request, cancellationToken), await WatchAsync(fake, request));
            Assert.Equal(expected, actual);
        }
    }

    private static async Task<string> AskAsync(RealEtcd real, IMessage request)
    {
        try
        {
            switch (request)
            {
                case RangeRequest range:
                    return Normalize(await real.Keys.RangeAsync(range));
                case TxnRequest transaction:
                    return Normalize(await real.Keys.TxnAsync(transaction));
                default:
                    await real.Keys.CompactAsync((CompactionRequest)request);
                    return "";
            }
        }
        catch (RpcException exception)
        {
            return $"! {exception.Status.Detail}";
        }
    }

    private static string Ask(FakeEtcdServer fake, IMessage request)
    {
        try
        {
            switch (request)
            {
                case RangeRequest range:
                    return Normalize(fake.Range(range));
                case TxnRequest transaction:
                    return Normalize(fake.Txn(transaction));
                default:
                    fake.Compact(((CompactionRequest)request).Revision);
                    return "";
            }
        }
        catch (EtcdException exception)
        {
            return $"! {exception.Message}";
        }
    }

    private static async Task<List<string>> WatchAsync(FakeEtcdServer fake, WatchCreateRequest request)
    {
        var events = new List<string>();
        await using var client = new FakeEtcd(fake);
        try
        {
            await foreach (var response in client.WatchAsync(request, TestContext.Current.CancellationToken))
            {
                events.AddRange(RealEtcd.Describe(response));
                if (!response.Created)
                    break;
            }
        }
        catch (EtcdException exception)
        {
            events.Add($"! {exception.Failure}");
        }

        return events;
    }

    private static string Normalize(IMessage response)
    {
        var header = response is RangeResponse range ? range.Header : ((TxnResponse)response).Header;
        (header.ClusterId, header.MemberId, header.RaftTerm) = (0, 0, 0);
        return $"{response}";
    }
}
