using Google.Protobuf;

namespace KvStore.Etcd.Tests;

/// <summary>What is not a record is refused, and never half understood.</summary>
public sealed class RecordFormatTests
{
    private static readonly ByteString K = ByteString.CopyFromUtf8("k");
    private static readonly ByteString RecordKey = ByteString.CopyFrom(new Idempotency("key"u8, default, default, 0).RecordKey.Utf8);

    private static readonly ByteString OriginKey = ByteString.CopyFrom(ReservedKeys.Of(ReservedKind.Origin, "k"u8).Utf8);

    public static TheoryData<string, string> Invalid { get; } = new(
        Operations().Select(operation => (operation.Problem, Encoded(new Records.Transaction { Operations = { operation.Message } }))).Concat(
            Transactions().Select(transaction => (transaction.Problem, Encoded(transaction.Message)))));

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Decode_InvalidField_Throws(string problem, string record) =>
        Assert.Contains(problem, Assert.Throws<RecordFormatException>(() => RecordCodec.Decode(Convert.FromBase64String(record))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("format 0", "")]
    [InlineData("format 4", "0804")]
    [InlineData("those of another format", "0802")]
    [InlineData("those of another format", "0803")]
    [InlineData("fields that this version does not know", "08013001")]
    [InlineData("fields that this version does not know", "08010801")]
    [InlineData("fields that this version does not know", "0801100A1000")]
    [InlineData("unknown reason", "08011803")]
    [InlineData("damaged", "0801FF")]
    [InlineData("damaged", "08012A05")]
    [InlineData("time is out of range", "080110FEFFFFFFFFFFFFFFFF01")]
    public void Decode_InvalidRecord_Throws(string problem, string record) =>
        Assert.Contains(problem, Assert.Throws<RecordFormatException>(() => RecordCodec.Decode(Convert.FromHexString(record))).Message, StringComparison.Ordinal);

    // The second number is of a field that no operation has.
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void Decode_NestedUnknownField_Throws(int field)
    {
        var put = new Records.Put { Key = K }.ToByteArray();
        byte[] message = [.. put, .. field == 0 ? [] : new byte[] { 0xA0, 0x06, 0x01 }];
        byte[] operation = [0x0A, (byte)message.Length, .. message];
        byte[] transaction = [0x12, (byte)operation.Length, .. operation];
        byte[] record = [0x08, 0x01, 0x2A, (byte)transaction.Length, .. transaction];
        if (field == 0)
            Assert.Single(RecordCodec.Decode(record).Transactions);
        else
            Assert.Throws<RecordFormatException>(() => RecordCodec.Decode(record));
    }

    [Fact]
    public void Decode_ExpiryOfStoresOwnRecord_IsExpire()
    {
        var message = new Records.Operation { Expire = new Records.Expire { Key = RecordKey, Revision = 1 } };
        var record = RecordCodec.Decode(Convert.FromBase64String(Encoded(new Records.Transaction { Operations = { message } })));
        Assert.IsType<Expire>(Assert.Single(record.Transactions).Operations[0]);
    }

    // 10,000 of them.
    [Fact]
    public Task Decode_HostileBytes_IsRefusedOrEvaluates() => Seed.ForEachAsync(20, seed =>
    {
        var random = new Random(seed);
        var transactions = new RandomTransactions(random);
        var replica = new Replica();
        for (var i = 0; i < 500; i++)
        {
            if (i % 20 == 0)
                replica.Evaluate([transactions.Next(replica.Latest)], new DecisionLimits { Now = RandomTransactions.Now });
            var bytes = Damage(random, RecordCodec.Encode([transactions.Next(replica.Latest)], RandomTransactions.Now, transactions.NextLimits()));
            try
            {
                var record = RecordCodec.Decode(bytes);
                Assert.Equal(bytes.Length, RecordCodec.Encode(record.Transactions, record.Now, record.Limits).Length);
                replica.Evaluate(bytes);
            }
            catch (RecordFormatException)
            {
            }

            foreach (var entry in replica.Latest.ScanAll().Take(1))
                DamagePart(random, entry);
        }

        return Task.CompletedTask;
    });

    // What a record stored, a checkpoint can hold, and no damage to it does anything but an exception of the format.
    private static void DamagePart(Random random, Entry entry)
    {
        var part = Assert.Single(EntriesCodec.Encode([entry], 1));
        Assert.Equal(entry.Revision, Assert.Single(EntriesCodec.Decode(part)).Revision);
        try
        {
            EntriesCodec.Decode(Damage(random, part));
        }
        catch (RecordFormatException)
        {
        }
    }

    private static byte[] Damage(Random random, byte[] bytes)
    {
        if (random.Next(4) == 0)
            return bytes[..random.Next(bytes.Length)];
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            // Most of a large record is values, and fields are at the start.
            ref var damaged = ref bytes[random.Next(random.Next(2) == 0 ? bytes.Length : Math.Min(bytes.Length, 60))];
            damaged = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)(damaged ^ (1 << random.Next(8)));
        }

        return bytes;
    }

    private static IEnumerable<(string Problem, Records.Operation Message)> Operations()
    {
        yield return ("unknown kind", new());
        yield return ("(Empty)", new() { Put = new() });
        yield return ("(ControlCharacter)", new() { Put = new() { Key = RecordKey } });
        yield return ("(ControlCharacter)", new() { Delete = new() { Key = RecordKey } });
        yield return ("(InvalidUtf8)", new() { Get = new() { Key = ByteString.CopyFrom(0xFF) } });
        yield return ("(TooLong)", new() { Increment = new() { Key = ByteString.CopyFromUtf8(new string('k', EntryLayout.KeyBytesMax + 1)) } });
        yield return ("(TooLong)", new() { Append = new() { Prefix = ByteString.CopyFromUtf8(new string('k', EntryLayout.KeyBytesMax)) } });
        yield return ("(DotSegment)", new() { SetExpiry = new() { Key = ByteString.CopyFromUtf8("a/..") } });
        yield return ("(ControlCharacter)", new() { DeletePrefix = new() { Prefix = ByteString.CopyFrom(0) } });
        yield return ("(Empty)", new() { DeletePrefix = new() });
        yield return ("negative", new() { DeletePrefix = new() { Prefix = K, EntriesMax = -1 } });
        yield return ("its own key", new() { Move = new() { From = K, To = K } });
        yield return ("revision is out of range", new() { Expire = new() { Key = K, Revision = -1 } });
        yield return ("(ControlCharacter)", new() { Extend = new() { Key = RecordKey, CreatedRevision = 1, Suffix = K } });
        yield return ("adds nothing", new() { Extend = new() { Key = K, CreatedRevision = 1 } });
        yield return ("length is negative", new() { Extend = new() { Key = K, CreatedRevision = 1, AtLength = -1, Suffix = K } });
        yield return ("revision is out of range", new() { Extend = new() { Key = K, Suffix = K } });
        yield return ("expiry", new() { Extend = new() { Key = K, CreatedRevision = 1, Suffix = K, Expiry = new() { ExpiresAt = long.MaxValue } } });
        yield return ("another format", new() { Extend = new() { Key = K, CreatedRevision = 1, Suffix = K } });
        yield return ("another format", new() { Put = new() { Key = K, IsRewrite = true } });
        yield return ("content type", new() { Put = new() { Key = K, ContentType = "a\nb" } });
        yield return ("content type", new() { Append = new() { Prefix = K, ContentType = "é" } });
        yield return ("content type", new() { Put = new() { Key = K, ContentType = new string('t', Entry.ContentTypeLengthMax + 1) } });
        yield return ("expiry", new() { Put = new() { Key = K, ExpiresAt = long.MaxValue } });
        yield return ("expiry", new() { SetExpiry = new() { Key = K, Expiry = new() { ExpiresAt = long.MinValue } } });
        yield return ("not JSON", new() { MergePatch = new() { Key = K } });
        yield return ("not JSON", new() { MergePatch = new() { Key = K, Patch = ByteString.CopyFromUtf8(" 1") } });
        yield return ("negative", new() { MergePatch = new() { Key = K, Patch = ByteString.CopyFromUtf8("1"), ValueBytesMax = -1 } });
        yield return ("no result", new() { MergePatch = Patch(new() { Revision = 1 }) });
        yield return ("no result", new() { MergePatch = Patch(new() { Revision = 1, IsTooLarge = false }) });
        yield return ("revision is out of range", new() { MergePatch = Patch(new() { IsNotJson = true }) });
        yield return ("content type", new() { MergePatch = Patch(new() { Revision = 1, Replacement = new() { ContentType = "\0" } }) });
    }

    private static IEnumerable<(string Problem, Records.Transaction Message)> Transactions()
    {
        var delete = new Records.Operation { Delete = new() { Key = K } };
        var deleteRecord = new Records.Operation { Delete = new() { Key = OriginKey } };
        yield return ("writes a key once", new() { Operations = { delete, delete } });
        yield return ("the only one", new() { Operations = { delete, new Records.Operation { DeletePrefix = new() { Prefix = K } } } });
        yield return ("(Empty)", new() { Guards = { new Records.Guard() } });
        yield return ("unknown kind", new() { Guards = { new Records.Guard { Key = K, Kind = (Records.Guard.Types.Kind)5 } } });
        yield return ("does not use them", new() { Guards = { new Records.Guard { Key = K, Revisions = { 1 } } } });
        yield return ("does not use it", new() { Guards = { new Records.Guard { Key = K, End = 1 } } });
        yield return ("put nor deleted", new() { Records = { new Records.Operation { Put = new() { Key = OriginKey, IsRewrite = true } } } });
        yield return ("put nor deleted", new() { Records = { new Records.Operation { Get = new() { Key = OriginKey } } } });
        yield return ("key of the store's own", new() { Records = { delete } });
        yield return ("key of the store's own", new() { Records = { new Records.Operation { Delete = new() { Key = RecordKey } } } });
        yield return ("each once", new() { Records = { deleteRecord, deleteRecord } });
        yield return ("each once", new() { Operations = { new Records.Operation { Expire = new() { Key = OriginKey, Revision = 1 } } }, Records = { deleteRecord } });
        yield return ("another format", new() { Records = { deleteRecord } });
        yield return ("another format", new() { Operations = { new Records.Operation { Expire = new() { Key = OriginKey, Revision = 1 } } } });
        yield return ("(ControlCharacter)", new() { Guards = { new Records.Guard { Key = OriginKey } } });
        yield return ("idempotency key", new() { Idempotency = new() });
        yield return ("idempotency key", new() { Idempotency = new() { Key = ByteString.CopyFrom(new byte[129]) } });
        yield return ("fingerprint", new() { Idempotency = new() { Key = K, Fingerprint = ByteString.CopyFrom(new byte[256]) } });
        yield return ("negative", new() { Idempotency = new() { Key = K, RecordBytesMax = -1 } });
        yield return ("lifetime", new() { Idempotency = new() { Key = K, LifetimeMilliseconds = -1 } });
        yield return ("lifetime", new() { Idempotency = new() { Key = K, LifetimeMilliseconds = long.MaxValue } });
        yield return ("lifetime", new() { Idempotency = new() { Key = K, LifetimeMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() } });
    }

    private static Records.MergePatch Patch(Records.MergePatch.Types.Prepared prepared) => new() { Key = K, Patch = ByteString.CopyFromUtf8("1"), Prepared = prepared };

    private static string Encoded(Records.Transaction transaction) =>
        Convert.ToBase64String(new Records.Record { Format = RecordFormat.Current, Now = RandomTransactions.Now, Transactions = { transaction } }.ToByteArray());
}
