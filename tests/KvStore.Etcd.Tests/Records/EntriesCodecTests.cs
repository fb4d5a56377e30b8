using Google.Protobuf;

namespace KvStore.Etcd.Tests;

public sealed class EntriesCodecTests
{
    [Fact]
    public Task Decode_Encoded_IsTheSameState() => Seed.ForEachAsync(20, seed =>
    {
        var random = new Random(seed);
        var transactions = new RandomTransactions(random);
        var replica = new Replica();
        for (var i = 0; i < 50; i++)
            replica.Evaluate([transactions.Next(replica.Latest)], new DecisionLimits { Now = RandomTransactions.Now, IgnoresMemory = true });
        var copy = new Replica();
        copy.Load(replica, random.Next(1, 10_000));

        Assert.Equal(replica.DescribeState(), copy.DescribeState());
        return Task.CompletedTask;
    });

    [Fact]
    public void Encode_Parts_AreWithinTheBound()
    {
        var entries = Enumerable.Range(0, 100).Select(i => Entry($"k{i:D3}", new string('v', i == 50 ? 5_000 : 20))).ToArray();
        var parts = EntriesCodec.Encode(entries, 1_000).Select(part => (Bytes: part.Length, EntriesCodec.Decode(part).Length)).ToArray();

        Assert.All(parts, part => Assert.True(part.Bytes <= 1_000 || part.Length == 1));
        Assert.All(parts.Where(part => part.Length > 1).SkipLast(1), part => Assert.InRange(part.Bytes, 500, 1_000));
        Assert.Equal(100, parts.Sum(part => part.Length));
        Assert.Single(parts, part => part.Bytes > 5_000);
        Assert.Empty(EntriesCodec.Encode([], 1_000));
    }

    [Fact]
    public void Decode_NotInOrder_Throws()
    {
        var part = Assert.Single(EntriesCodec.Encode([Entry("b"), Entry("a")], 1_000));
        Assert.Contains("key order", Assert.Throws<RecordFormatException>(() => EntriesCodec.Decode(part)).Message, StringComparison.Ordinal);

        var next = Assert.Single(EntriesCodec.Encode([Entry("b")], 1_000));
        Assert.Single(EntriesCodec.Decode(next, Some.Key("a")));
        Assert.Throws<RecordFormatException>(() => EntriesCodec.Decode(next, Some.Key("b")));
    }

    [Fact]
    public void Decode_NewerThanTheCheckpoint_Throws()
    {
        var part = Assert.Single(EntriesCodec.Encode([Entry("a")], 1_000));
        Assert.Single(EntriesCodec.Decode(part, default, 2));
        Assert.Throws<RecordFormatException>(() => EntriesCodec.Decode(part, default, 1));
    }

    [Theory]
    [InlineData("(Empty)", "", 1, 2, 1, "")]
    [InlineData("(ControlCharacter)", "\0other/a", 1, 2, 1, "")]
    [InlineData("idempotency record", "\0idempotency/a", 1, 2, 1, "")]
    [InlineData("(ControlCharacter)", "\0origin/", 1, 2, 1, "")]
    [InlineData("revision 0", "k", 1, 0, 1, "")]
    [InlineData("created at 3", "k", 3, 2, 1, "")]
    [InlineData("version 0", "k", 1, 2, 0, "")]
    [InlineData("content type", "k", 1, 2, 1, "\n")]
    public void Decode_InvalidField_Throws(string problem, string key, long created, long revision, long version, string contentType)
    {
        var message = new Records.Entry { Key = ByteString.CopyFromUtf8(key), CreatedRevision = created, Revision = revision, Version = version, ContentType = contentType };
        var part = new Records.Entries { Entries_ = { message } }.ToByteArray();
        Assert.Contains(problem, Assert.Throws<RecordFormatException>(() => EntriesCodec.Decode(part)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_RecordOfOrigin_IsAcceptedUpToItsSize()
    {
        var key = ReservedKeys.Of(ReservedKind.Origin, "a"u8);
        Assert.Equal(key, Assert.Single(EntriesCodec.Decode(Part(ReservedKeys.ValueBytesMax))).Key);
        Assert.Contains("too large", Assert.Throws<RecordFormatException>(() => EntriesCodec.Decode(Part(ReservedKeys.ValueBytesMax + 1))).Message, StringComparison.Ordinal);

        byte[] Part(int bytes) => Assert.Single(EntriesCodec.Encode([KvStore.Entry.Create(key, new byte[bytes], "", 1, 2, 1, RandomTransactions.Now)], 100_000));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1001")]
    [InlineData("0A")]
    public void Decode_NotAPart_Throws(string part) => Assert.Throws<RecordFormatException>(() => EntriesCodec.Decode(Convert.FromHexString(part)));

    private static Entry Entry(string key, string value = "v") => KvStore.Entry.Create(Some.Key(key), Some.Bytes(value), "text/plain", 1, 2, 1, RandomTransactions.Now);
}
