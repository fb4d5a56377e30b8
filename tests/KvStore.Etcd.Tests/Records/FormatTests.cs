using System.Security.Cryptography;
using System.Text;

namespace KvStore.Etcd.Tests;

/// <summary>
/// What is in etcd and what it means, written down: replicas of two versions share one log while they are upgraded. If a test here fails, the
/// change needs another <see cref="RecordFormat"/>.
/// </summary>
public sealed class FormatTests
{
    private static readonly DateTimeOffset Expiry = DateTimeOffset.FromUnixTimeMilliseconds(RandomTransactions.Now + 60_000);

    private static readonly (string Bytes, Func<Transaction> Make)[] Transactions =
    [
        ("CAEQgPCGwu5lKhoSGAoWCgFrEgV2YWx1ZRoKdGV4dC9wbGFpbg==", () => Some.Transaction(Some.Put("k", "value"))),
        ("CAEQgPCGwu5lKhMSEQoPCgFrEgF2IMCZjsLuZSgN", () => Some.Transaction(new Put(Some.Key("k"), Some.Bytes("v"), "", Expiry) { Memo = -7 })),
        ("CAEQgPCGwu5lKh4SHBIaCgJhLxIBdhoKdGV4dC9wbGFpbiDAmY7C7mU=", () => Some.Transaction(new Append(Some.Key("a/"), Some.Bytes("v"), "text/plain", Expiry))),
        ("CAEQgPCGwu5lKgsSCRoHCgFuEAkaAA==", () => Some.Transaction(new Increment(Some.Key("n"), -5, ExpiryUpdate.Never))),
        ("CAEQgPCGwu5lKiISIAoeCgFqEgd7ImEiOjF9GhBhcHBsaWNhdGlvbi9qc29u", () => Some.Transaction(Some.Put("j", "{\"a\":1}", null, "application/json"))),
        ("CAEQgPCGwu5lKhsSGSIXCgFqEgd7ImIiOjJ9GDIiBwjAmY7C7mU=", () => Some.Transaction(Patch(ExpiryUpdate.At(Expiry)))),
        ("CAEQgPCGwu5lKkISQCI+CgFqEgd7ImIiOjJ9GDIqLAgBEigKDXsiYSI6MSwiYiI6Mn0SEGFwcGxpY2F0aW9uL2pzb24YwJmOwu5lMAE=", () => Some.Transaction(Prepared("{\"a\":1}"))),
        ("CAEQgPCGwu5lKhoSGCIWCgFqEgd7ImIiOjJ9GDIqBAgBGAEwAQ==", () => Some.Transaction(Prepared("no"))),
        ("CAEQgPCGwu5lKjwSOiI4CgFqEgd7ImIiOjJ9GDIqJggBEiIKB3siYiI6Mn0SEGFwcGxpY2F0aW9uL2pzb24YwJmOwu5lMAE=", () => Some.Transaction(Prepared($"{{\"b\":\"{new string('b', 100)}\"}}"))),
        ("CAEQgPCGwu5lKgoSCCoGCgFrEgFt", () => Some.Transaction(new Move(Some.Key("k"), Some.Key("m")))),
        ("CAEQgPCGwu5lKhASDkIMCgFtEgcIwJmOwu5l", () => Some.Transaction(new SetExpiry(Some.Key("m"), ExpiryUpdate.At(Expiry)))),
        ("CAEQgPCGwu5lKgkSB0oFCgFtEAs=", () => Some.Transaction(new Expire(Some.Key("m"), 11))),
        ("CAEQgPCGwu5lKgsSCToHCgJhLxDoBw==", () => Some.Transaction(new DeletePrefix("a/"u8, 1_000))),
        ("CAEQgPCGwu5lKg4SBVIDCgFuEgUyAwoBag==", () => Some.Transaction(new Get(Some.Key("n")), Some.Delete("j"))),
        ("CAEQgPCGwu5lKl4KAwoBbgoFCgF4EAEKFwoBbhACGhABAAAAAAAAAAQAAAAAAAAACg8KAW4QAxoIBQAAAAAAAAAKDAoBbhAEIJCpjsLuZRIYChYKAWcSBXZhbHVlGgp0ZXh0L3BsYWlu", () => Some.Transaction(
            [
                Guard.Exists(Some.Key("n")), Guard.Absent(Some.Key("x")), Guard.RevisionIn(Some.Key("n"), 1, 4), Guard.RevisionNotIn(Some.Key("n"), 5),
                Guard.UnmodifiedSince(Some.Key("n"), Expiry),
            ],
            Some.Put("g"))),
        ("CAEQgPCGwu5lKjESGAoWCgFpEgV2YWx1ZRoKdGV4dC9wbGFpbhoVCgNrZXkSBXByaW50GIDd2wEggIBA", () => new Transaction([], [Some.Put("i")]) { Idempotency = new Idempotency("key"u8, Some.Bytes("print"), TimeSpan.FromHours(1), 1 << 20) }),
        ("CAIQgPCGwu5lKlAKDQoJAG9yaWdpbi9vEAESGAoWCgFvEgV2YWx1ZRoKdGV4dC9wbGFpbiIXChUKCQBvcmlnaW4vbxIBciDAmY7C7mUiDDIKCggAZXBvY2gvZQ==", () => new Transaction([Guard.Absent(OriginKey)], [Some.Put("o")], [new Put(OriginKey, Some.Bytes("r"), "", Expiry), new Delete(EpochKey)])),
        ("CAIQgPCGwu5lKhESD0oNCgkAb3JpZ2luL28QEQ==", () => Some.Transaction(new Expire(OriginKey, 17))),
        ("CAMQgPCGwu5lKjQSMgowCgFjEgRoZWFkGhxhcHBsaWNhdGlvbi92bmQua3ZzdG9yZS5jcmR0IMCZjsLuZTAB", () => Some.Transaction(new Put(Some.Key("c"), Some.Bytes("head"), Entry.MergeableContentType, Expiry) { IsRewrite = true })),
        ("CAMQgPCGwu5lKhESD1oNCgFjEBMYBCICKzEqAA==", () => Some.Transaction(new Extend(Some.Key("c"), 19, 4, Some.Bytes("+1"), ExpiryUpdate.Never))),
        ("CAMQgPCGwu5lKg8SDVoLCgFjEBMYBCICKzI=", () => Some.Transaction(new Extend(Some.Key("c"), 19, 4, Some.Bytes("+2")))),
    ];

    private static Key OriginKey => ReservedKeys.Of(ReservedKind.Origin, "o"u8);

    private static Key EpochKey => ReservedKeys.Of(ReservedKind.Epoch, "e"u8);

    [Fact]
    public void Encode_EachKind_HasTheseBytes() => Assert.Equal(
        string.Join('\n', Transactions.Select(golden => golden.Bytes)),
        string.Join('\n', Transactions.Select(golden => Convert.ToBase64String(RecordCodec.Encode([golden.Make()], RandomTransactions.Now, default)))));

    [Fact]
    public void Encode_Refusals_HaveTheseBytes()
    {
        Assert.Equal("CAEQgPCGwu5lGAE=", Convert.ToBase64String(RecordCodec.Encode([], RandomTransactions.Now, new DecisionLimits { GrowthRefusal = GrowthRefusal.NoSpace })));
        Assert.Equal("CAEQgPCGwu5lGAIgAQ==", Convert.ToBase64String(RecordCodec.Encode([], RandomTransactions.Now, new DecisionLimits { GrowthRefusal = GrowthRefusal.MemoryFull, RefusesRecords = true })));
    }

    [Fact]
    public void Evaluate_TheseBytes_HasTheseOutcomes()
    {
        var replica = new Replica();
        var outcomes = Transactions.Select(golden => replica.Evaluate(Convert.FromBase64String(golden.Bytes))).ToArray();

        Assert.Equal(
            """
            committed 1 False 0 (absent)
            commit 1, k: (absent) to k=value (text/plain) 1 1 1 1750000000000
            committed 2 True -7 (absent)
            commit 2, k: k=value (text/plain) 1 1 1 1750000000000 to k=v () 1 2 2 1750000000000 1750000060000
            committed 3 False 0 (absent)
            commit 3, a/0000000000000000003: (absent) to a/0000000000000000003=v (text/plain) 3 3 1 1750000000000 1750000060000
            committed 4 False -5 (absent)
            commit 4, n: (absent) to n=-5 (text/plain) 4 4 1 1750000000000
            committed 5 False 0 (absent)
            commit 5, j: (absent) to j={"a":1} (application/json) 5 5 1 1750000000000
            committed 6 True 0 (absent)
            commit 6, j: j={"a":1} (application/json) 5 5 1 1750000000000 to j={"a":1,"b":2} (application/json) 5 6 2 1750000000000 1750000060000
            committed 7 True 0 (absent)
            commit 7, j: j={"a":1,"b":2} (application/json) 5 6 2 1750000000000 1750000060000 to j={"a":1,"b":2} (application/json) 5 7 3 1750000000000 1750000060000
            committed 8 True 0 (absent)
            commit 8, j: j={"a":1,"b":2} (application/json) 5 7 3 1750000000000 1750000060000 to j={"a":1,"b":2} (application/json) 5 8 4 1750000000000 1750000060000
            committed 9 True 0 (absent)
            commit 9, j: j={"a":1,"b":2} (application/json) 5 8 4 1750000000000 1750000060000 to j={"a":1,"b":2} (application/json) 5 9 5 1750000000000 1750000060000
            committed 10 True 0 (absent)
            commit 10, k: k=v () 1 2 2 1750000000000 1750000060000 to (absent), m: (absent) to m=v () 10 10 1 1750000000000 1750000060000
            committed 11 True 0 (absent)
            commit 11, m: m=v () 10 10 1 1750000000000 1750000060000 to m=v () 10 11 2 1750000000000 1750000060000
            committed 12 True 0 (absent)
            commit 12, m: m=v () 10 11 2 1750000000000 1750000060000 to (expired)
            committed 13 True 1 (absent)
            commit 13, a/0000000000000000003: a/0000000000000000003=v (text/plain) 3 3 1 1750000000000 1750000060000 to (absent)
            committed 14 True 0 n=-5 (text/plain) 4 4 1 1750000000000, True 0 (absent)
            commit 14, j: j={"a":1,"b":2} (application/json) 5 9 5 1750000000000 1750000060000 to (absent)
            committed 15 False 0 (absent)
            commit 15, g: (absent) to g=value (text/plain) 15 15 1 1750000000000
            committed 16 False 0 (absent)
            commit 16, i: (absent) to i=value (text/plain) 16 16 1 1750000000000, ~idempotency/key: (absent) to ~idempotency/key=057072696E7401100000000000000001000000000000000000000000 () 16 16 1 1750000000000 1750003600000
            committed 17 False 0 (absent)
            commit 17, o: (absent) to o=value (text/plain) 17 17 1 1750000000000, ~origin/o: (absent) to ~origin/o=r () 17 17 1 1750000000000 1750000060000
            committed 18 True 0 (absent)
            commit 18, ~origin/o: ~origin/o=r () 17 17 1 1750000000000 1750000060000 to (expired)
            committed 19 False 0 (absent)
            commit 19, c: (absent) to c=head (application/vnd.kvstore.crdt) 19 19 1 1750000000000 1750000060000
            committed 20 True 0 (absent)
            commit 20, c: c=head (application/vnd.kvstore.crdt) 19 19 1 1750000000000 1750000060000 to c=head+1 (application/vnd.kvstore.crdt) 19 20 2 1750000000000
            rejected 20 Conflict c=head+1 (application/vnd.kvstore.crdt) 19 20 2 1750000000000
            """,
            string.Join('\n', outcomes));
    }

    [Fact]
    public void Encode_Entries_HaveTheseBytes()
    {
        Entry[] entries =
        [
            Entry.Create("k"u8, "value"u8, "text/plain", 3, 5, 2, RandomTransactions.Now, Entry.Never),
            Entry.Create("l"u8, ""u8, "", 1, 1, 1, -1, Expiry.ToUnixTimeMilliseconds()),
            Entry.Create("m"u8, "head"u8, Entry.MergeableContentType, 3, 5, 2, RandomTransactions.Now, Entry.Never),
        ];
        Assert.Equal("CiMKAWsSBXZhbHVlGgp0ZXh0L3BsYWluIAMoBTACOIDwhsLuZQoSCgFsIAEoATABOAFAwJmOwu5lChgKAW0SBGhlYWQgAygFMAI4gPCGwu5lSAE=", Convert.ToBase64String(Assert.Single(EntriesCodec.Encode(entries, 1_000))));
    }

    // The runtime's tables decide which characters are written as escapes, so another runtime may be another format.
    [Fact]
    public void Merge_EveryCharacter_HasTheseEscapes()
    {
        var every = string.Concat(Enumerable.Range(0, 0x11000).Where(Rune.IsValid).Select(scalar => new Rune(scalar).ToString()));
        var json = Encoding.UTF8.GetBytes($"{{\"a\":\"{string.Concat(every.Select(character => character is < ' ' or '"' or '\\' ? $"\\u{(int)character:x4}" : $"{character}"))}\"}}");
        var patch = MergePatch.TryCreate(Some.Key("k"), Some.Bytes("{\"b\":1E3}"), 1 << 20, default)!;
        patch.AllowUnprepared();
        var replica = new Replica();
        replica.Evaluate([Some.Transaction(new Put(Some.Key("k"), json, "application/json"))], default);
        replica.Evaluate([Some.Transaction(patch)], default);

        Assert.Equal("D97368AB3CDF3CE77D79D77733C3401FF927D284B183458870B35E465E512FE7", Convert.ToHexString(SHA256.HashData(replica.Latest.Find(Some.Key("k"))!.Value.Value.Span)));
    }

    private static MergePatch Patch(ExpiryUpdate expiry) => MergePatch.TryCreate(Some.Key("j"), Some.Bytes(" {\"b\":2}"), 50, expiry)!;

    // For the entry at revision 1, which has another revision where the records above are evaluated: there the result is not used.
    private static MergePatch Prepared(string value)
    {
        var replica = new Replica();
        replica.Evaluate([Some.Transaction(Some.Put("j", value, Expiry, "application/json"))], new DecisionLimits { Now = RandomTransactions.Now });
        var patch = Patch(ExpiryUpdate.Unchanged);
        patch.Prepare(replica.Latest);
        patch.AllowUnprepared();
        return patch;
    }
}
