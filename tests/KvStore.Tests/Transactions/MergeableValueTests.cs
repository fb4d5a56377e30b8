namespace KvStore.Tests;

/// <summary>Which operations may meet a mergeable value, and which may not write over one or make one.</summary>
public sealed class MergeableValueTests
{
    private const string Mergeable = Entry.MergeableContentType;

    private static readonly DateTimeOffset Later = DateTimeOffset.UnixEpoch.AddYears(900);

    public static TheoryData<string> Refused => ["put", "rewrite of another type", "patch", "increment", "move onto", "put of the type over it", "put of the type", "append of the type"];

    public static TheoryData<string> Admitted => ["delete", "prefix", "expire", "expiry", "move away", "move it onto an ordinary entry", "get", "rewrite", "extend", "rewrite of nothing"];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Operation_OfOthersOverAMergeableValue_IsRefused(string name)
    {
        await using var store = await StartAsync(JsonValue(5000));
        var rejected = Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(Make(name, store))).Within());

        Assert.Equal(RejectionReason.MergeableValue, rejected.Reason);
        Assert.Equal(name is "put of the type" or "append of the type" ? null : store.Latest.Find(Some.Key("m")), rejected.Current);
    }

    [Theory]
    [MemberData(nameof(Admitted))]
    public async Task Operation_ThatKeepsMergeableValuesWhole_Commits(string name)
    {
        await using var store = await StartAsync(JsonValue(5000));
        await store.CommitAsync(Make(name, store));
    }

    // The value is parsed neither before nor on the log's thread: a large one is no reason to prepare the patch again and again.
    [Theory]
    [InlineData(100)]
    [InlineData(MergePatch.UnpreparedBytesMax)]
    [InlineData(1 << 20)]
    public async Task MergePatch_MergeableJson_IsRefused(int bytes)
    {
        await using var store = await StartAsync(JsonValue(bytes));
        var rejected = Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(Make("patch", store))).Within());
        Assert.Equal(RejectionReason.MergeableValue, rejected.Reason);
    }

    [Fact]
    public async Task Rewrite_OrdinaryEntry_IsNotMergeable()
    {
        await using var store = await StartAsync([]);
        var rewrite = new Put(Some.Key("text"), new byte[10], Mergeable) { IsRewrite = true };
        var rejected = Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(rewrite)).Within());
        Assert.Equal((RejectionReason.NotMergeable, store.Latest.Find(Some.Key("text"))), (rejected.Reason, rejected.Current));
    }

    [Theory]
    [InlineData(Mergeable, true)]
    [InlineData("application/vnd.kvstore.CRDT", false)]
    [InlineData("application/vnd.kvstore.crdt;a=b", false)]
    [InlineData("application/octet-stream", false)]
    [InlineData("", false)]
    public void IsMergeable_ContentType_IsTheExactText(string contentType, bool isMergeable)
    {
        var entry = Entry.Create("k"u8, new byte[2000], contentType, 1, 1, 1, 0, Entry.Never);
        Assert.Equal(isMergeable, entry.IsMergeable);
        Assert.Equal(isMergeable, Entry.Derive(entry, "l"u8, 1, 2, 2, 0, 5).IsMergeable);
        Assert.Equal(contentType, entry.ContentType);
    }

    private static byte[] JsonValue(int bytes) => Some.Bytes($"\"{new string('x', bytes - 2)}\"");

    private static async Task<Store> StartAsync(byte[] value)
    {
        var store = await Stores.StartAsync();
        await store.CommitAsync(new Put(Some.Key("m"), value, Mergeable) { IsRewrite = true }, Some.Put("text"));
        return store;
    }

    private static Operation Make(string name, Store store)
    {
        var (key, text) = (Some.Key("m"), Some.Key("text"));
        var entry = store.Latest.Find(key)!.Value;
        return name switch
        {
            "put" => Some.Put("m"),
            "rewrite of another type" => new Put(key, new byte[1], "text/plain") { IsRewrite = true },
            "put of the type over it" => new Put(key, new byte[1], Mergeable),
            "put of the type" => new Put(Some.Key("new"), new byte[1], Mergeable),
            "append of the type" => new Append(Some.Key("new"), new byte[1], Mergeable),
            "patch" => MergePatch.TryCreate(key, Some.Bytes("{\"a\":1}"), 2 << 20, ExpiryUpdate.Unchanged)!,
            "increment" => new Increment(key, 1),
            "move onto" => new Move(text, key),
            "delete" => new Delete(key),
            "prefix" => new DeletePrefix("m"u8, 10),
            "expire" => new Expire(key, entry.Revision),
            "expiry" => new SetExpiry(key, ExpiryUpdate.At(Later)),
            "move away" => new Move(key, Some.Key("new")),
            "move it onto an ordinary entry" => new Move(key, text),
            "get" => new Get(key),
            "rewrite" => new Put(key, new byte[1], Mergeable, Later) { IsRewrite = true },
            "extend" => new Extend(key, entry.CreatedRevision, entry.ValueLength, new byte[1]),
            "rewrite of nothing" => new Put(Some.Key("new"), new byte[1], Mergeable) { IsRewrite = true },
            _ => throw new ArgumentException($"Unknown operation {name}.", nameof(name)),
        };
    }
}
