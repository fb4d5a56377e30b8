using KvStore.Storage;
using Microsoft.Extensions.Configuration;
using Serilog.Events;

namespace KvStore.Server.Tests;

public sealed class KvStoreSettingsTests
{
    [Fact]
    public void Read_NoSettings_AreDefaults() => Assert.Equivalent(new KvStoreOptions(), Read(), strict: true);

    [Fact]
    public void Read_EverySetting_IsRead()
    {
        var options = Read(
            ("KvStore:Engine", "MEMORY"), ("KvStore:Data", " /var/lib/kvstore "), ("KvStore:ValueBytesMax", "2048"), ("kvstore:keybytesmax", "64"),
            ("KvStore:FlushMode", "Interval"), ("KvStore:FlushInterval", "00:00:00.020"), ("KvStore:SegmentBytesMax", "4096"),
            ("KvStore:HistoryAgeMax", "1.00:00:00"), ("KvStore:QueueBytesMax", "100000"), ("KvStore:AccessLog", "True"), ("KvStore:SlowRequestTime", "00:00:00.250"));

        Assert.Equal("memory", options.Engine);
        Assert.Equal("/var/lib/kvstore", options.Data);
        Assert.Equal((FlushMode.Interval, TimeSpan.FromMilliseconds(20), 4096L), (options.Log.FlushMode, options.Log.FlushInterval, options.Log.SegmentBytesMax));
        Assert.Equal((64, 2048), (options.KeyBytesMax, options.ValueBytesMax));
        Assert.Equal(TimeSpan.FromDays(1), options.Store.HistoryAgeMax);
        Assert.Equal(100_000, options.Store.QueueBytesMax);
        Assert.True(options.AccessLog);
        Assert.Equal(TimeSpan.FromMilliseconds(250), options.SlowRequestTime);
    }

    // The machine has more than the limit says: the runtime has not understood it.
    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("0", true)]
    [InlineData("60000000", true)]
    [InlineData("0x60000000", true)]
    [InlineData("0x5FFFFFFF", false)]
    [InlineData("20000000", false)]
    [InlineData("1.5GiB", false)]
    public void HeapLimit_NotInForce_IsRejected(string? given, bool isAccepted)
    {
        var fault = MemorySettings.FaultOfHeapLimit(given, 0x60000000);
        Assert.Equal(isAccepted, fault is null);
        Assert.True(isAccepted || fault!.EndsWith($"Given: {given}.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("KvStore:ValueBytesMax", "0x10", "KvStore:ValueBytesMax must be a size in bytes from 1 to 128MiB, such as 65536, 64KiB or 1MB. Given: 0x10.")]
    [InlineData("KvStore:ValueBytesMax", "-1", "Given: -1.")]
    [InlineData("KvStore:ValueBytesMax", "129MiB", "Given: 129MiB.")]
    [InlineData("KvStore:ValueBytesMax", "1MiX", "Given: 1MiX.")]
    [InlineData("KvStore:KeyBytesMax", "1.0001KiB", "Given: 1.0001KiB.")]
    [InlineData("KvStore:PageEntriesMax", "1KiB", "KvStore:PageEntriesMax must be a whole number from 1 to 100000. Given: 1KiB.")]
    [InlineData("KvStore:WaitMax", "2h", "KvStore:WaitMax must be a duration from 0s to 1h, such as 500ms, 30s, 1h30m or 00:00:30. Given: 2h.")]
    [InlineData("KvStore:ValueBytesMax", "99999999999999999999", "Given: 99999999999999999999.")]
    [InlineData("KvStore:ValueBytesMax", "", "KvStore:ValueBytesMax must be a size in bytes from 1 to 128MiB, such as 65536, 64KiB or 1MB. Given: nothing.")]
    [InlineData("KvStore:ValueBytesMax:Deeper", "1", "KvStore:ValueBytesMax must be a size in bytes from 1 to 128MiB, such as 65536, 64KiB or 1MB. Given: several values.")]
    [InlineData("KvStore:ValueBytesMax", "134217729", "KvStore:ValueBytesMax must be a size in bytes from 1 to 128MiB, such as 65536, 64KiB or 1MB. Given: 134217729.")]
    [InlineData("KvStore:ExpiryInterval", "00:00:00.501", "KvStore:ExpiryInterval must be a duration from 10ms to 500ms, such as 500ms, 30s, 1h30m or 00:00:30. Given: 00:00:00.501.")]
    [InlineData("KvStore:ShutdownTimeout", "3", "KvStore:ShutdownTimeout must be a duration from 0s to 10m, such as 500ms, 30s, 1h30m or 00:00:30. Given: 3.")]
    [InlineData("KvStore:HistoryAgeMax", "3", "KvStore:HistoryAgeMax must be a duration from 0s to 365d, such as 500ms, 30s, 1h30m or 00:00:30. Given: 3.")]
    [InlineData("KvStore:AccessLog", "yes", "KvStore:AccessLog must be true or false. Given: yes.")]
    [InlineData("KvStore:Engine", "redis", "KvStore:Engine must be one of disk, memory, etcd. Given: redis.")]
    [InlineData("KvStore:Engine", "etcd", "KvStore:Etcd must be given with KvStore:Engine etcd: URLs of etcd's members such as http://10.0.0.1:2379, separated by commas, or none. Given: none.")]
    [InlineData("KvStore:Etcd", "http://a:2379", "KvStore:Etcd must be omitted, or given with KvStore:Engine etcd. Given: http://a:2379.")]
    [InlineData("KvStore:Data", "", "KvStore:Data must be a directory. Given: nothing.")]
    [InlineData("KvStore:FlushMode", "never", "KvStore:FlushMode must be always or interval. Given: never.")]
    [InlineData("KvStore:FlushInterval", "00:00:00", "KvStore:FlushInterval must be a duration from 1ms to 1h, such as 500ms, 30s, 1h30m or 00:00:30. Given: 00:00:00.")]
    [InlineData("KvStore:SegmentBytesMax", "1", "KvStore:SegmentBytesMax must be a size in bytes from 4KiB to 1TiB, such as 65536, 64KiB or 1MB. Given: 1.")]
    [InlineData("KvStore:CheckpointLogPercent", "0", "KvStore:CheckpointLogPercent must be a whole number from 1 to 100000. Given: 0.")]
    [InlineData("KvStore:Enigne", "memory", "KvStore:Enigne is not a setting. Is KvStore:Engine meant?")]
    [InlineData("KvStore:Colour", "blue", "KvStore:Colour is not a setting. See --help.")]
    [InlineData("KvStore:PageEntriesDefault", "2000", "KvStore:PageEntriesDefault must be at most KvStore:PageEntriesMax, which is 1000. Given: 2000.")]
    [InlineData("KvStore:QueueBytesMax", "1000000", "KvStore:QueueBytesMax must be at least 2 * KvStore:KeyBytesMax + KvStore:ValueBytesMax + KvStore:HeadersBytesMax")]
    [InlineData("KvStore:MemoryBytesMax", "63MiB", "KvStore:MemoryBytesMax must be a size in bytes from 64MiB to 1024TiB, such as 65536, 64KiB or 1MB. Given: 63MiB.")]
    [InlineData("KvStore:MemoryBytesMax", "1024TiB", "KvStore:MemoryBytesMax must be at most what the runtime may use, which is ")]
    [InlineData("KvStore:SnapshotsBytesMax", "1TiB", "KvStore:MemoryBytesMax must be at least the sum of its parts, which is ")]
    [InlineData("KvStore:BodiesBytesMax", "8388607", "KvStore:BodiesBytesMax must be at least 8388608, which the largest request needs: raise it or KvStore:MemoryBytesMax, or lower KvStore:JsonBodyBytesMax. Given: 8388607.")]
    [InlineData("KvStore:AnswersBytesMax", "1MiB", "KvStore:AnswersBytesMax must be at least 1115136, which the largest request needs: raise it or KvStore:MemoryBytesMax, or lower KvStore:ValueBytesMax. Given: 1048576.")]
    [InlineData("Serilog:MinimumLevel:Default", "loud", "Serilog:MinimumLevel:Default must be one of Verbose, Debug, Information, Warning, Error, Fatal. Given: loud.")]
    [InlineData("Serilog:MinimumLevel:Override:KvStore.Server", "2", "Serilog:MinimumLevel:Override:KvStore.Server must be one of Verbose, Debug, Information, Warning, Error, Fatal. Given: 2.")]
    [InlineData("Serilog:MinimumLevel", "loud", "Serilog:MinimumLevel must be one of Verbose, Debug, Information, Warning, Error, Fatal. Given: loud.")]
    [InlineData("Serilog:MinimumLevel:Defualt", "Debug", "Serilog:MinimumLevel:Defualt is not a setting. Is Serilog:MinimumLevel:Default meant?")]
    [InlineData("Serilog:WriteTo:0:Name", "File", "Serilog:WriteTo is not a setting.")]
    [InlineData("urls", "foo", "urls must be addresses such as http://localhost:8080, separated by semicolons. Given: foo.")]
    [InlineData("urls", "ftp://localhost:1", "urls must be addresses such as http://localhost:8080, separated by semicolons. Given: ftp://localhost:1.")]
    [InlineData("urls", "http://localhost:99999", "Given: http://localhost:99999.")]
    [InlineData("urls", "http://localhost:80/path", "urls must be addresses without a path. Given: http://localhost:80/path.")]
    [InlineData("urls", "http://localhost:0", "urls must give a port for localhost")]
    [InlineData("preferHostingUrls", "true", "preferHostingUrls is not a setting of this service: addresses in Kestrel:Endpoints count, and urls without any. Remove it.")]
    [InlineData("http_ports", "80;eighty", "http_ports must be port numbers from 0 to 65535, separated by semicolons. Given: eighty.")]
    public void Read_InvalidSetting_NamesNameRangeAndValue(string key, string value, string said) =>
        Assert.Contains(said, Assert.Single(Problems((key, value))), StringComparison.Ordinal);

    [Fact]
    public void Read_SizesAndDurationsWithUnits_AreRead()
    {
        var options = Read(("KvStore:ValueBytesMax", "64KiB"), ("KvStore:QueueBytesMax", "1MB"), ("KvStore:SegmentBytesMax", "1.5MiB"), ("KvStore:WaitMax", "5s"), ("KvStore:HistoryAgeMax", "1h30m"), ("KvStore:SlowRequestTime", "250ms"));
        Assert.Equal((65_536, 1_000_000, 1_572_864), (options.ValueBytesMax, options.Store.QueueBytesMax, options.Log.SegmentBytesMax));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(90), TimeSpan.FromMilliseconds(250)), (options.WaitMax, options.Store.HistoryAgeMax, options.SlowRequestTime));
    }

    [Theory]
    [InlineData("Etcd", "a:2379", "KvStore:Etcd must be URLs of etcd's members such as http://10.0.0.1:2379, separated by commas, or none. Given: a:2379.")]
    [InlineData("Etcd", "http://a:2379/path", "Given: http://a:2379/path.")]
    [InlineData("Etcd", "http://a:2379,http://user:word@b:2379", "KvStore:Etcd must be URLs")]
    [InlineData("EtcdPrefix", "kvstore", "KvStore:EtcdPrefix must be a text that ends with a slash, such as kvstore/. Given: kvstore.")]
    [InlineData("EtcdUser", "root", "KvStore:EtcdPasswordFile must be given with KvStore:EtcdUser, and only then. Given: none.")]
    [InlineData("EtcdCaFile", "/proc/self/status", "KvStore:Etcd must be addresses of https with KvStore:EtcdCaFile or KvStore:EtcdCertificateFile, which http has no use for. Given: http://a:2379/.")]
    [InlineData("EtcdTimeout", "1ms", "KvStore:EtcdTimeout must be a duration from 100ms to 10m, such as 500ms, 30s, 1h30m or 00:00:30. Given: 1ms.")]
    public void Read_InvalidSettingOfEtcd_NamesNameRangeAndValue(string name, string value, string said)
    {
        var settings = new Dictionary<string, string> { ["KvStore:Engine"] = "etcd", ["KvStore:Etcd"] = "http://a:2379", [$"KvStore:{name}"] = value };
        Assert.Contains(said, Assert.Single(Problems([.. settings.Select(setting => (setting.Key, setting.Value))])), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Etcd_HasItsMembers()
    {
        var options = Read(("KvStore:Engine", "etcd"), ("KvStore:Etcd", "https://a:2379, https://b:2379"), ("KvStore:EtcdCaFile", "/proc/self/status"));
        Assert.Equal([new Uri("https://a:2379"), new Uri("https://b:2379")], EtcdSettings.Endpoints(options.Etcd));
        Assert.Equal(("kvstore/", TimeSpan.FromSeconds(5), true), (options.EtcdPrefix, options.EtcdTimeout, options.ReadyWithoutEtcd));
    }

    [Fact]
    public void Read_SeveralInvalid_NamesAll()
    {
        var problems = Problems(("KvStore:Engine", "paper"), ("KvStore:Enigne", "disk"), ("KvStore:KeyBytesMax", "many"), ("KvStore:PageEntriesDefault", "2000"), ("urls", "foo"));
        Assert.Equal(5, problems.Count);
    }

    [Fact]
    public void Read_LogLevels_OverrideDefaults()
    {
        var levels = LogLevels.Read(Configuration(("Serilog:MinimumLevel:Default", "error"), ("Serilog:MinimumLevel:Override:microsoft", "Debug"), ("Serilog:MinimumLevel:Override:Other", "Verbose")), []);
        Assert.Equal(LogEventLevel.Error, levels.Default);
        Assert.Equal(LogEventLevel.Debug, levels.Overrides["Microsoft"]);
        Assert.Equal(LogEventLevel.Verbose, levels.Overrides["Other"]);
        Assert.Equal(LogEventLevel.Information, levels.Overrides["Microsoft.AspNetCore.Server.Kestrel"]);
        Assert.Equal(LogEventLevel.Debug, LogLevels.Read(Configuration(("Serilog:MinimumLevel", "debug")), []).Default);
    }

    [Fact]
    public void Help_EverySetting_HasDefault()
    {
        var lines = Usage.Text().Split('\n');
        foreach (var (property, _) in OperationsDocumentTests.Settings)
        {
            var line = Assert.Single(lines, line => line.StartsWith($"  {property} ", StringComparison.Ordinal));
            Assert.True(line.Length > 45, $"{line} has no meaning.");
        }

        Assert.Contains("  ValueBytesMax                1MiB       a larger value gets 413", lines);
        Assert.Contains("  ShutdownTimeout              3s         how long a stop waits for requests in flight", lines);
        Assert.All(lines, line => Assert.True(line.Length <= 100, line));
        Assert.Equal(Usage.Settings().Count, SettingGroups.All.Sum(group => group.Settings.Length));
    }

    private static IReadOnlyCollection<string> Problems(params (string Key, string Value)[] settings) =>
        Assert.Throws<InvalidSettingsException>(() => Read(settings)).Problems;

    private static KvStoreOptions Read(params (string Key, string Value)[] settings) => KvStoreSettings.Read(Configuration(settings));

    internal static IConfigurationRoot Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
