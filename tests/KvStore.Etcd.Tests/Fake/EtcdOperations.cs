using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>Random requests to etcd over a few keys, so that they meet each other.</summary>
internal sealed class EtcdOperations(Random random)
{
    private static readonly string[] Ends = ["", "", "", "\0", "b", "k", "k3", "k5", "l"];

    /// <summary>A request, in a cluster that is at a revision.</summary>
    public IMessage Next(long revision) => random.Next(10) switch
    {
        < 3 => NextRange(revision),
        3 when random.Next(3) == 0 => new CompactionRequest { Revision = NextRevision(revision) },
        _ => NextTransaction(revision),
    };

    public static TxnRequest Put(string key) => new() { Success = { new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8(key) } } } };

    public static TxnRequest Delete(string key) =>
        new() { Success = { new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key) } } } };

    private TxnRequest NextTransaction(long revision)
    {
        var request = new TxnRequest();
        for (var i = random.Next(3); i > 0; i--)
            request.Compare.Add(NextCompare(revision));
        for (var i = random.Next(5); i > 0; i--)
            request.Success.Add(NextOperation(revision));
        for (var i = random.Next(3); i > 0; i--)
            request.Failure.Add(NextOperation(revision));
        if (random.Next(40) == 0)
            request.Success.AddRange(Enumerable.Range(0, 129).Select(_ => NextOperation(revision)));
        if (random.Next(40) == 0)
            request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = NextKey(), Value = ByteString.CopyFrom(new byte[3 << 19]) } });
        return request;
    }

    private RequestOp NextOperation(long revision) => random.Next(6) switch
    {
        0 => new RequestOp { RequestRange = NextRange(revision) },
        1 => new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = NextKey(), RangeEnd = NextEnd() } },
        _ => new RequestOp { RequestPut = new PutRequest { Key = NextKey(), Value = NextValue() } },
    };

    private Compare NextCompare(long revision)
    {
        var compare = new Compare { Key = NextKey(), Result = (Compare.Types.CompareResult)random.Next(4), Target = (Compare.Types.CompareTarget)random.Next(4) };
        switch (compare.Target)
        {
            case Compare.Types.CompareTarget.Version:
                compare.Version = random.Next(4);
                break;
            case Compare.Types.CompareTarget.Create:
                compare.CreateRevision = random.Next(3) == 0 ? 0 : random.NextInt64(revision + 1);
                break;
            case Compare.Types.CompareTarget.Mod:
                compare.ModRevision = random.Next(3) == 0 ? 0 : random.NextInt64(revision + 1);
                break;
            default:
                compare.Value = NextValue();
                break;
        }

        return compare;
    }

    private RangeRequest NextRange(long revision) => new()
    {
        Key = NextKey(),
        RangeEnd = NextEnd(),
        Limit = random.Next(3) == 0 ? random.Next(4) : 0,
        Revision = random.Next(3) == 0 ? NextRevision(revision) : 0,
        KeysOnly = random.Next(4) == 0,
        CountOnly = random.Next(6) == 0,
        MinModRevision = random.Next(4) == 0 ? NextRevision(revision) : 0,
    };

    // Near the newest one; sometimes after it.
    private long NextRevision(long revision) => Math.Max(1, revision + 2 - random.Next(20));

    // Rarely none, which is refused.
    private ByteString NextKey() => random.Next(50) == 0 ? ByteString.Empty : ByteString.CopyFromUtf8($"k{random.Next(8)}");

    private ByteString NextEnd() => ByteString.CopyFromUtf8(Ends[random.Next(Ends.Length)]);

    private ByteString NextValue() => ByteString.CopyFromUtf8($"{random.Next(4)}");
}
