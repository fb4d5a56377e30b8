using System.Text;

namespace KvStore.Storage.Tests;

/// <summary>Content that no request could have written is damage, although every checksum is right.</summary>
public sealed class ForgedContentTests
{
    private const string Segment = "00000000000000000001.segment";
    private const string Checkpoint = "00000000000000000009.checkpoint";

    private static readonly byte[] Store = ForgedFiles.StoreFile(new StoreIdentity(ForgedFiles.Store, []));
    private static readonly byte[] RecordKey = Encoding.ASCII.GetBytes("\0idempotency/key");

    private static readonly ForgedRecord Good = new();

    private static readonly ForgedRecord Kept = new() { Flags = RecordFlags.LastOfCommit | RecordFlags.SameValue, Revision = 2, Age = 1, Version = 2 };

    private static readonly ForgedRecord Third = Kept with { Flags = Kept.Flags | RecordFlags.Expires, Revision = 3, Age = 2, Version = 3, ModifiedAt = 7, ExpiresAt = 9 };

    private static readonly ForgedRecord Merged = Good with { ContentType = Entry.MergeableContentType };

    private static readonly ForgedRecord Extended = Kept with { Flags = RecordFlags.LastOfCommit | RecordFlags.Extends, Value = " and more"u8.ToArray() };

    private const string MissingValue = "it keeps or continues the value of the entry before it, and that is missing";

    private static readonly Dictionary<string, (ForgedRecord Record, string Reason)> BadRecords = new()
    {
        ["unknown flag"] = (Good with { Flags = RecordFlags.LastOfCommit | (RecordFlags)128 }, "a later program"),
        ["put that expired"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Expired }, "do not fill it"),
        ["delete with more"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete, Key = [] }, "key is not valid (Empty)"),
        ["empty key"] = (Good with { Key = [] }, "key is not valid (Empty)"),
        ["deleted prefix that expired"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | RecordFlags.Prefix | RecordFlags.Expired }, "do not fill it"),
        ["deleted prefix of nothing"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | RecordFlags.Prefix, Key = [] }, "prefix is not valid (Empty)"),
        ["deleted prefix of the store's own records"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | RecordFlags.Prefix, Key = RecordKey }, "prefix is not valid (ControlCharacter)"),
        ["deleted prefix at revision 0"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | RecordFlags.Prefix, Revision = 0 }, "out of range"),
        ["delete that keeps the value"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | RecordFlags.SameValue }, "do not fill it"),
        ["long key"] = (Good with { Key = new string('k', 16384).Select(c => (byte)c).ToArray() }, "key is not valid (TooLong)"),
        ["key that is not UTF-8"] = (Good with { Key = [0xFF] }, "key is not valid (InvalidUtf8)"),
        ["key with a control character"] = (Good with { Key = "a\nb"u8.ToArray() }, "key is not valid (ControlCharacter)"),
        ["key with a dot segment"] = (Good with { Key = "a/../b"u8.ToArray() }, "key is not valid (DotSegment)"),
        ["reserved key that nothing uses"] = (Good with { Key = "\0other"u8.ToArray() }, "key is not valid (ControlCharacter)"),
        ["record about an origin that is too large"] = (Good with { Key = "\0origin/k"u8.ToArray(), Value = new byte[ReservedKeys.ValueBytesMax + 1] }, "too large"),
        ["record about no key of an origin"] = (Good with { Key = "\0origin/"u8.ToArray() }, "key is not valid (ControlCharacter)"),
        ["delete of a reserved key that nothing uses"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete, Key = "\0"u8.ToArray() }, "key is not valid"),
        ["greatest revision"] = (Good with { Revision = long.MaxValue }, "its revision 9223372036854775807 is out of range"),
        ["revision beyond JSON"] = (Good with { Revision = 1L << 53 }, "out of range"),
        ["revision of 0"] = (Good with { Revision = 0 }, "out of range"),
        ["negative revision"] = (Good with { Revision = -1 }, "out of range"),
        ["delete at the greatest revision"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete, Revision = long.MaxValue }, "out of range"),
        ["created at revision 0"] = (Good with { Age = 1 }, "written at revision 1 but created at 0"),
        ["created after it was written"] = (Good with { Age = -3 }, "do not fill it"),
        ["version of 0"] = (Good with { Version = 0 }, "its version 0 is out of range"),
        ["version beyond the layout"] = (Good with { Version = 1L << 55 }, "is out of range"),
        ["number of 70 bits"] = (Good with { Version = -1 }, "do not fill it"),
        ["written after the year 9999"] = (Good with { ModifiedAt = long.MaxValue }, "one of its times"),
        ["written before the year 1"] = (Good with { ModifiedAt = long.MinValue }, "one of its times"),
        ["expires after the year 9999"] = (Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Expires, ExpiresAt = 253_402_300_800_000 }, "one of its times"),
        ["content type with a line break"] = (Good with { ContentType = "text/plain\r\nSet-Cookie: a=b" }, "content type is not valid"),
        ["content type that is not ASCII"] = (Good with { ContentType = "text/plän" }, "content type is not valid"),
        ["long content type"] = (Good with { ContentType = new string('t', 257) }, "content type is not valid"),
        ["empty idempotency record"] = (Good with { Key = RecordKey, Value = [] }, "idempotency record"),
        ["idempotency record without facts"] = (Good with { Key = RecordKey, Value = [2, 7, 7] }, "idempotency record"),
        ["idempotency record with a short fingerprint"] = (Good with { Key = RecordKey, Value = [200, 7, 7] }, "idempotency record"),
        ["idempotency record that ends early"] = (Good with { Key = RecordKey, Value = [0, 1, 1, 0, 0] }, "idempotency record"),
        ["idempotency record with a result too few"] = (Good with { Key = RecordKey, Value = Record(results: 2, [.. Result(0)]) }, "idempotency record"),
        ["idempotency record with a result too many"] = (Good with { Key = RecordKey, Value = Record(results: 1, [.. Result(0), .. Result(0)]) }, "idempotency record"),
        ["idempotency record with -1 results"] = (Good with { Key = RecordKey, Value = Record(results: -1, []) }, "idempotency record"),
        ["idempotency record with an unknown flag"] = (Good with { Key = RecordKey, Value = Record(results: 1, Result(4)) }, "idempotency record"),
        ["idempotency record without its entry"] = (Good with { Key = RecordKey, Value = Record(results: 1, Result(2)) }, "idempotency record"),
        ["idempotency record with a bad entry"] = (Good with { Key = RecordKey, Value = Record(results: 1, [.. Result(2), .. new byte[46]]) }, "idempotency record"),
        ["long idempotency key"] = (Good with { Key = [.. RecordKey, .. new byte[126]], Value = Record(results: 1, Result(0)) }, "key is not valid"),
    };

    private static readonly Dictionary<string, (ForgedRecord[] Records, Func<FrameHeader, FrameHeader> Forge, string Reason)> BadFrames = new()
    {
        ["commit without an end"] = ([Good with { Flags = RecordFlags.None }], frame => frame, "do not match its header"),
        ["kept value of a first version"] = ([Kept with { Version = 1 }], frame => frame, "the first of its entry"),
        ["kept value that expired"] = ([Kept with { Flags = Kept.Flags | RecordFlags.Expired }], frame => frame, "do not fill it"),
        ["kept value of an invalid key"] = ([Kept with { Key = "a\nb"u8.ToArray() }], frame => frame, "key is not valid"),
        ["kept value beside a value"] = ([Kept with { Key = "k"u8.ToArray(), Flags = RecordFlags.LastOfCommit | RecordFlags.SameValue | (RecordFlags)128 }], frame => frame, "a later program"),
        ["kept value of no entry"] = ([Kept], frame => frame, MissingValue),
        ["kept value of another key"] = ([Good with { Key = "k"u8.ToArray() }, Kept], frame => frame, MissingValue),
        ["kept value of a deleted entry"] = ([Good, Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete, Revision = 2 }, Kept with { Revision = 3, Age = 2 }], frame => frame, MissingValue),
        ["kept value of an expired entry"] = ([Good, Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | RecordFlags.Expired, Revision = 2 }, Kept with { Revision = 3, Age = 2 }], frame => frame, MissingValue),
        ["kept value of another entry"] = ([Good, Kept with { Age = 0 }], frame => frame, MissingValue),
        ["kept value of an earlier version"] = ([Good, Kept with { Version = 3 }], frame => frame, MissingValue),
        ["kept value after one of another version"] = ([Good, Kept, Kept with { Revision = 3, Age = 2, Version = 4 }], frame => frame, MissingValue),
        ["extension of a first version"] = ([Extended with { Version = 1 }], frame => frame, "the first of its entry"),
        ["extension by nothing"] = ([Merged, Extended with { Value = [] }], frame => frame, "do not fill it"),
        ["extension that expired"] = ([Merged, Extended with { Flags = Extended.Flags | RecordFlags.Expired }], frame => frame, "do not fill it"),
        ["extension that keeps the value"] = ([Merged, Extended with { Flags = Extended.Flags | RecordFlags.SameValue }], frame => frame, "do not fill it"),
        ["extension of an invalid key"] = ([Extended with { Key = "a\nb"u8.ToArray() }], frame => frame, "key is not valid"),
        ["extension of no entry"] = ([Extended], frame => frame, MissingValue),
        ["extension of an ordinary entry"] = ([Good, Extended], frame => frame, MissingValue),
        ["extension of an ordinary entry after a change of its expiry"] = ([Good, Kept, Extended with { Revision = 3, Age = 2, Version = 3 }], frame => frame, MissingValue),
        ["extension of another entry"] = ([Merged, Extended with { Age = 0 }], frame => frame, MissingValue),
        ["extension of an earlier version"] = ([Merged, Extended with { Version = 3 }], frame => frame, MissingValue),
        ["extension after one that is missing"] = ([Merged, Extended, Extended with { Revision = 3, Age = 2, Version = 4 }], frame => frame, MissingValue),
        ["extension of a deleted entry"] = ([Merged, Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete, Revision = 2 }, Extended with { Revision = 3, Age = 2 }], frame => frame, MissingValue),
        ["commit that changes a key twice"] = ([Good with { Flags = RecordFlags.None }, Good], frame => frame, "changes the key twice"),
        ["commit that changes a key of a prefix that it deletes"] = ([Good with { Flags = RecordFlags.Delete | RecordFlags.Prefix, Key = "k"u8.ToArray() }, Good], frame => frame, "deletes the prefix of a key"),
        ["commit that deletes a prefix after a change"] = ([Good with { Flags = RecordFlags.None }, Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | RecordFlags.Prefix, Key = "z"u8.ToArray() }], frame => frame, "does not begin with that"),
        ["prefix that is not deleted"] = ([Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Prefix }], frame => frame, "do not fill it"),
        ["revisions that go backwards"] = ([Good with { Revision = 5 }, Good with { Revision = 4 }], frame => frame with { LastRevision = 5 }, "its revision 4 does not follow 5"),
        ["commit of two revisions"] = ([Good with { Flags = RecordFlags.None }, Good with { Revision = 2 }], frame => frame, "its revision 2 does not follow 1"),
        ["last revision beyond JSON"] = ([Good], frame => frame with { LastRevision = 1L << 53 }, "impossible numbers"),
        ["batch without a revision"] = ([Good], frame => frame with { LastRevision = 0 }, "impossible numbers"),
        ["unknown marker"] = ([Good], frame => frame with { Records = -3, BodyBytes = 0 }, "impossible numbers"),
        ["marker with records"] = ([Good], frame => frame with { Records = 0 }, "impossible numbers"),
        ["start that goes backwards"] = ([Good], frame => frame with { Records = -1, BodyBytes = 0, LastRevision = -1 }, "impossible numbers"),
        ["seal that jumps"] = ([Good], frame => frame with { Records = -2, BodyBytes = 0 }, "impossible numbers"),
        ["another last revision"] = ([Good], frame => frame with { LastRevision = 2 }, "do not match its header"),
        ["too many records"] = ([Good], frame => frame with { Records = 2 }, "ends within a record"),
        ["too few records"] = ([Good, Good with { Revision = 2 }], frame => frame with { Records = 1, LastRevision = 1 }, "longer than its records"),
        ["negative number of records"] = ([Good], frame => frame with { Records = int.MinValue }, "impossible numbers"),
        ["negative length"] = ([Good], frame => frame with { BodyBytes = -1 }, "impossible numbers"),
        ["greatest length"] = ([Good], frame => frame with { BodyBytes = long.MaxValue - 50 }, "impossible numbers"),
        ["another revision before it"] = ([Good], frame => frame with { PreviousRevision = 7, LastRevision = 8 }, "continues from revision 7"),
    };

    public static TheoryData<string> Records => [.. BadRecords.Keys];

    public static TheoryData<string> Frames => [.. BadFrames.Keys];

    [Fact]
    public void Forge_GoodRecord_Loads() => Assert.Equal("value", LogImage.Open(new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([Good.Encode()], frame => frame) }).Text("key"));

    [Fact]
    public void Forge_KeptValues_Load()
    {
        Dictionary<string, byte[]> files = new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([Good.Encode(), Kept.Encode(), Third.Encode()], frame => frame) };
        Assert.Equal("key=value text/plain 1 3 3 7 9", States.Describe(LogImage.Open(files).Find(Some.Key("key"))));
        Assert.Null(DiskLogTool.Verify(LogImage.DiskOf(files).Start()).Damage);
    }

    [Fact]
    public void Forge_Extensions_Load()
    {
        ForgedRecord[] records = [Merged, Extended, Third, Extended with { Revision = 4, Age = 3, Version = 4, Value = "!"u8.ToArray() }];
        Dictionary<string, byte[]> files = new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([.. records.Select(record => record.Encode())], frame => frame) };
        Assert.Equal($"key=value and more! {Entry.MergeableContentType} 1 4 4 0 {Entry.Never}", States.Describe(LogImage.Open(files).Find(Some.Key("key"))));
        Assert.Null(DiskLogTool.Verify(LogImage.DiskOf(files).Start()).Damage);
    }

    // The changes are one before the entry is found.
    [Theory]
    [InlineData(Entry.MergeableContentType, 3, "")]
    [InlineData(Entry.MergeableContentType, 4, MissingValue)]
    [InlineData("text/plain", 3, MissingValue)]
    public void Extensions_OfTheCheckpoint_LoadInOrder(string contentType, long version, string reason)
    {
        ForgedRecord[] records = [Extended with { Revision = 10, Age = 9 }, Extended with { Revision = 11, Age = 10, Version = version }];
        Dictionary<string, byte[]> files = new()
        {
            [StoreFile.Name] = Store,
            [Checkpoint] = ForgedFiles.Checkpoint([(Good with { ContentType = contentType }).Encode()], 1, 8),
            [Segment] = ForgedFiles.Segment([.. records.Select(record => record.Encode())], frame => frame),
        };
        Assert.Contains(reason, $"{DiskLogTool.Verify(LogImage.DiskOf(files).Start()).Damage?.Message}", StringComparison.Ordinal);
        Assert.Equal(reason == "", DiskLogTool.Verify(LogImage.DiskOf(files).Start()).Damage is null);
        if (reason == "")
            Assert.Equal("value and more and more", LogImage.Open(files).Text("key"));
    }

    // Neither change has its value in the log, so they are one before the entry is found.
    [Theory]
    [InlineData(3, "")]
    [InlineData(4, MissingValue)]
    public void KeptValues_OfTheCheckpoint_LoadInOrder(long version, string reason)
    {
        ForgedRecord[] records = [Kept with { Revision = 10, Age = 9 }, Kept with { Revision = 11, Age = 10, Version = version }];
        var disk = LogImage.DiskOf(new()
        {
            [StoreFile.Name] = Store,
            [Checkpoint] = ForgedFiles.Checkpoint([Good.Encode()], 1, 8),
            [Segment] = ForgedFiles.Segment([.. records.Select(record => record.Encode())], frame => frame),
        });
        Assert.Contains(reason, $"{DiskLogTool.Verify(disk.Start()).Damage?.Message}", StringComparison.Ordinal);
        Assert.Equal(reason == "", DiskLogTool.Verify(disk.Start()).Damage is null);
    }

    // A frame whose value is missing is cut off with what follows it, and nothing more.
    [Fact]
    public void Repair_KeptValueOfNoEntry_CutsItsFrame()
    {
        var disk = LogImage.DiskOf(new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([Kept.Encode()], frame => frame) });
        Assert.Equal((0, 1), (DiskLogTool.Repair(disk.Start()).Entries, disk.Files.Count(file => file.Key.EndsWith(".damaged", StringComparison.Ordinal))));
        Assert.Equal(0, LogImage.OpenDisk(disk).Count);
    }

    [Fact]
    public void KeptValue_WhereNoneCanBe_IsDamage()
    {
        var segment = ForgedFiles.Segment([Good.Encode(), Kept.Encode()], frame => frame, format: 2);
        Assert.Contains("a later program", DamageOf(new() { [StoreFile.Name] = Store, [Segment] = segment }).Message, StringComparison.Ordinal);
        Assert.Contains("a later program", CheckpointDamage([Kept], 1, 3), StringComparison.Ordinal);

        segment = ForgedFiles.Segment([Merged.Encode(), Extended.Encode()], frame => frame, format: 3);
        Assert.Contains("a later program", DamageOf(new() { [StoreFile.Name] = Store, [Segment] = segment }).Message, StringComparison.Ordinal);
        Assert.Contains("a later program", CheckpointDamage([Extended], 1, 3), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Record_InSegment_IsDamage(string name)
    {
        var (record, reason) = BadRecords[name];
        var damage = DamageOf(new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([record.Encode()], frame => frame) });
        Assert.Equal(($"/fake/{Segment}", FileHeader.CurrentBytes), (damage.Path, damage.OffsetBytes));
        Assert.Contains(reason, damage.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Record_InCheckpoint_IsDamage(string name)
    {
        var bad = BadRecords[name].Record;
        if (bad.Flags.HasFlag(RecordFlags.Delete))
            return;
        var damage = DamageOf(new() { [Checkpoint] = ForgedFiles.Checkpoint([bad.Encode()], 1, bad.Key.Length + bad.Value.Length) });
        Assert.Equal(($"/fake/{Checkpoint}", FileHeader.CurrentBytes), (damage.Path, damage.OffsetBytes));
        Assert.Contains(BadRecords[name].Reason, damage.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void Frame_Forged_IsDamage(string name)
    {
        var (records, forge, reason) = BadFrames[name];
        var damage = DamageOf(new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([.. records.Select(record => record.Encode())], forge) });
        Assert.Equal($"/fake/{Segment}", damage.Path);
        Assert.InRange(damage.OffsetBytes!.Value, FileHeader.CurrentBytes, 2000);
        Assert.Contains(reason, damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoint_EntriesInDisorder_IsDamage()
    {
        var (a, b) = (Good with { Key = "a"u8.ToArray() }, Good with { Key = "b"u8.ToArray() });
        Assert.Equal("value", LogImage.Open(new() { [Checkpoint] = ForgedFiles.Checkpoint([a.Encode(), b.Encode()], 2, 12) }).Text("b"));
        foreach (var records in new[] { (b, a), (a, a) })
            Assert.Contains("does not follow the one before it", CheckpointDamage([records.Item1, records.Item2], 2, 12), StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoint_OtherContents_IsDamage()
    {
        Assert.Contains("written at revision 10, after that of the checkpoint", CheckpointDamage([Good with { Revision = 10 }], 1, 8), StringComparison.Ordinal);
        Assert.Contains("it is not an entry", CheckpointDamage([Good with { Flags = RecordFlags.Delete }], 1, 8), StringComparison.Ordinal);
        Assert.Contains("totals", CheckpointDamage([Good], 2, 8), StringComparison.Ordinal);
        Assert.Contains("totals", CheckpointDamage([Good], 1, 9), StringComparison.Ordinal);
        Assert.Contains("totals", CheckpointDamage([Good], -1, long.MinValue), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((byte)RecordFlags.None)]
    [InlineData((byte)RecordFlags.Expired)]
    [InlineData((byte)RecordFlags.Prefix)]
    public void Delete_OfNoEntry_ChangesNothing(byte kind)
    {
        var record = Good with { Flags = RecordFlags.LastOfCommit | RecordFlags.Delete | (RecordFlags)kind };
        Dictionary<string, byte[]> files = new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([record.Encode()], frame => frame) };
        Assert.Equal((1, 0), (LogImage.RecoveredRevision(LogImage.Open(files)), LogImage.Open(files).Count));
        Assert.Null(DiskLogTool.Verify(LogImage.DiskOf(files).Start()).Damage);
    }

    [Fact]
    public void IdempotencyRecord_OfEitherVersion_Loads()
    {
        // Version 0.1.0 stored the answer; its first byte is the low one of a status.
        foreach (var value in new byte[][] { Record(results: 1, Result(1)), [3, 7, 7, 7, 201, 0, 0, 0, 5] })
            Assert.Equal(0, LogImage.Open(new() { [StoreFile.Name] = Store, [Segment] = ForgedFiles.Segment([(Good with { Key = RecordKey, Value = value }).Encode()], frame => frame) }).Count);
    }

    private static string CheckpointDamage(ForgedRecord[] records, long entries, long bytes) =>
        DamageOf(new() { [Checkpoint] = ForgedFiles.Checkpoint([.. records.Select(record => record.Encode())], entries, bytes) }).Message;

    // A start and a verification find the same.
    private static DiskLogException DamageOf(Dictionary<string, byte[]> files)
    {
        var refusal = Assert.Throws<DiskLogException>(() => LogImage.Open(files));
        var found = DiskLogTool.Verify(LogImage.DiskOf(files).Start()).Damage;
        Assert.Equal(DiskLogProblem.Damaged, refusal.Problem);
        Assert.Equal(refusal.Message, found?.Message);
        return refusal;
    }

    private static byte[] Record(int results, byte[] bytes) =>
        [0, 1, .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(results), .. bytes];

    private static byte[] Result(byte flags) => [flags, .. new byte[8]];
}
