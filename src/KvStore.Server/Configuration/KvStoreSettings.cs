using KvStore.Origins;
using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Reads <see cref="KvStoreOptions"/> from the configuration and checks the settings against each other.</summary>
internal static class KvStoreSettings
{
    private static readonly string[] FlushModes = ["always", "interval"];

    /// <param name="configuration">The configuration.</param>
    /// <param name="checksLogging">Whether log levels must be acceptable, too; a tool for data does not log.</param>
    /// <exception cref="InvalidSettingsException">Some settings are not acceptable; it names all of those.</exception>
    public static KvStoreOptions Read(IConfiguration configuration, bool checksLogging = true)
    {
        var reader = new SettingsReader(configuration.GetSection(KvStoreOptions.Section), []);
        var options = new KvStoreOptions(reader);
        Check(options, reader);
        _ = OriginSettings.Read(reader, options.KeyBytesMax);
        _ = RegionSettings.Read(reader, options.KeyBytesMax);
        reader.RejectUnknown();
        reader.Problems.AddRange(FlatNames.Check(Environment.GetEnvironmentVariables()));
        AddressSettings.Check(configuration, reader.Problems);
        if (checksLogging)
            LogLevels.Read(configuration, reader.Problems);
        return reader.Problems.Count == 0 ? options : throw new InvalidSettingsException(reader.Problems);
    }

    /// <summary>Reads the origins, whose settings <see cref="Read"/> has found to be acceptable.</summary>
    public static IReadOnlyList<OriginOptions> ReadOrigins(IConfiguration configuration, KvStoreOptions options) =>
        OriginSettings.Read(new SettingsReader(configuration.GetSection(KvStoreOptions.Section), []), options.KeyBytesMax);

    /// <summary>Reads the regions, whose settings <see cref="Read"/> has found to be acceptable.</summary>
    public static IReadOnlyList<RegionOptions> ReadRegions(IConfiguration configuration, KvStoreOptions options) =>
        RegionSettings.Read(new SettingsReader(configuration.GetSection(KvStoreOptions.Section), []), options.KeyBytesMax);

    /// <summary>Whether a setting that names something names anything, before the settings are read.</summary>
    public static bool IsGiven(IConfiguration configuration, string name)
    {
        var setting = configuration.GetSection($"{KvStoreOptions.Section}:{name}");
        return setting.GetChildren().Any() || (setting.Value is { } value && !value.Trim().Equals(KvStoreOptions.None, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Reads the settings of the store. <see cref="StoreOptions"/> explains them and has their defaults.</summary>
    public static StoreOptions ReadStore(SettingsReader settings)
    {
        // First, because the defaults of the other bounds are shares of it.
        var store = new StoreOptions();
        store = store with { MemoryBytesMax = settings.Bytes("MemoryBytesMax", store.MemoryBytesMax, StoreOptions.MemoryBytesMin, 1L << 50) };
        store = store with
        {
            SnapshotsBytesMax = settings.Bytes("SnapshotsBytesMax", store.SnapshotsBytesMax, 0, 1L << 40),
            BodiesBytesMax = settings.Bytes("BodiesBytesMax", store.BodiesBytesMax, 1, 1L << 40),
            AnswersBytesMax = settings.Bytes("AnswersBytesMax", store.AnswersBytesMax, 1, 1L << 40),
            WatchesBytesMax = settings.Bytes("WatchesBytesMax", store.WatchesBytesMax, 0, 1L << 40),
            IdempotencyBytesMax = settings.Bytes("IdempotencyBytesMax", store.IdempotencyBytesMax, 1, 1L << 40),
            TransfersBytesMax = settings.Bytes("TransfersBytesMax", store.TransfersBytesMax, 0, 1L << 40),
            ConnectionsBytesMax = settings.Bytes("ConnectionsBytesMax", store.ConnectionsBytesMax, 1, 1L << 40),
            CrdtBytesMax = settings.Bytes("CrdtBytesMax", store.CrdtBytesMax, 0, 1L << 40),
            QueueOperationsMax = settings.Integer("QueueOperationsMax", store.QueueOperationsMax, 1, 10_000_000),
            QueueBytesMax = settings.Bytes("QueueBytesMax", store.QueueBytesMax, 1, 1L << 40),
            BatchOperationsMax = settings.Integer("BatchOperationsMax", store.BatchOperationsMax, 1, 1_000_000),
            BatchBytesMax = settings.Bytes("BatchBytesMax", store.BatchBytesMax, 64 << 10, 1L << 30),
            QueueWaitMax = settings.Duration("QueueWaitMax", store.QueueWaitMax, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            ReadWaitMax = settings.Duration("ReadWaitMax", store.ReadWaitMax, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            DeliveryWaitMax = settings.Duration("DeliveryWaitMax", store.DeliveryWaitMax, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            MovedBytesMax = settings.Bytes("MovedBytesMax", store.MovedBytesMax, 0, 1L << 40),
            HistoryCommitsMax = settings.Integer("HistoryCommitsMax", store.HistoryCommitsMax, 0, 100_000_000),
            HistoryBytesMax = settings.Bytes("HistoryBytesMax", store.HistoryBytesMax, 0, 1L << 40),
            HistoryAgeMax = settings.Duration("HistoryAgeMax", store.HistoryAgeMax, TimeSpan.Zero, TimeSpan.FromDays(365)),
            KeptSnapshotsMax = settings.Integer("KeptSnapshotsMax", store.KeptSnapshotsMax, 0, 1000),
            KeptSnapshotAgeMax = settings.Duration("KeptSnapshotAgeMax", store.KeptSnapshotAgeMax, TimeSpan.Zero, TimeSpan.FromDays(1)),
            ExpensiveReadsMax = settings.Integer("ExpensiveReadsMax", store.ExpensiveReadsMax, 1, 1000),
            ExpensiveReadsWaitingMax = settings.Integer("ExpensiveReadsWaitingMax", store.ExpensiveReadsWaitingMax, 0, 100_000),
            ExpensiveReadWaitMax = settings.Duration("ExpensiveReadWaitMax", store.ExpensiveReadWaitMax, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            ExpiryInterval = settings.Duration("ExpiryInterval", store.ExpiryInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(500)),
            WatchersMax = settings.Integer("WatchersMax", store.WatchersMax, 0, 10_000_000),
            WatchRestMax = settings.Duration("WatchRestMax", store.WatchRestMax, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
        };

        // Last, because its default is what the others leave.
        return store with { EntriesBytesMax = settings.Bytes("EntriesBytesMax", store.EntriesBytesMax, 1, 1L << 50) };
    }

    /// <summary>Reads the settings of the log on disk. <see cref="DiskLogOptions"/> explains them and has their defaults.</summary>
    public static DiskLogOptions ReadLog(SettingsReader settings)
    {
        var log = new DiskLogOptions { Directory = KvStoreOptions.DataDefault };
        return new DiskLogOptions
        {
            Directory = settings.Text("Data", log.Directory, "a directory"),
            FlushMode = settings.Choice("FlushMode", FlushModes[0], FlushModes, []) == FlushModes[0] ? FlushMode.Always : FlushMode.Interval,
            FlushInterval = settings.Duration("FlushInterval", log.FlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            SegmentBytesMax = settings.Bytes("SegmentBytesMax", log.SegmentBytesMax, 4096, 1L << 40),
            ReserveBytes = settings.Bytes("ReserveBytes", log.ReserveBytes, 0, 1L << 30),
            EmergencyReserveBytes = settings.Bytes("EmergencyReserveBytes", log.EmergencyReserveBytes, 0, 1L << 30),
            CheckpointLogBytesMin = settings.Bytes("CheckpointLogBytesMin", log.CheckpointLogBytesMin, 4096, 1L << 50),
            CheckpointLogPercent = settings.Integer("CheckpointLogPercent", log.CheckpointLogPercent, 1, 100_000),
            CheckpointBytesPerSecondMax = settings.Bytes("CheckpointBytesPerSecondMax", log.CheckpointBytesPerSecondMax, 64 << 10, 1L << 40),
            CheckpointRetryDelay = settings.Duration("CheckpointRetryDelay", log.CheckpointRetryDelay, TimeSpan.Zero, TimeSpan.FromDays(1)),
            ReplayedCommitsMax = settings.Integer("ReplayedCommitsMax", log.ReplayedCommitsMax, 0, 100_000_000),
            ReplayedBytesMax = settings.Bytes("ReplayedBytesMax", log.ReplayedBytesMax, 0, 1L << 40),
        };
    }

    private static void Check(KvStoreOptions options, SettingsReader reader)
    {
        if (options.PageEntriesDefault > options.PageEntriesMax)
            reader.Reject("PageEntriesDefault", $"at most KvStore:PageEntriesMax, which is {options.PageEntriesMax}", options.PageEntriesDefault);

        if (options.JwtAuthority != KvStoreOptions.None && options.JwtAudience == KvStoreOptions.None)
            reader.Reject("JwtAudience", "given with KvStore:JwtAuthority, or tokens for other services of the issuer would be accepted", KvStoreOptions.None);
        if (options.JwtAuthority != KvStoreOptions.None && options.JwtKeysFile == KvStoreOptions.None && !options.JwtAuthority.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            reader.Reject("JwtAuthority", "an address of https without KvStore:JwtKeysFile", options.JwtAuthority);
        if (!ProxySettings.IsPathBase(options.PathBase))
            reader.Reject("PathBase", ProxySettings.PathBaseForm, options.PathBase);
        if (!ProxySettings.TryParseNetworks(options.TrustedProxies, out _))
            reader.Reject("TrustedProxies", ProxySettings.TrustedProxiesForm, options.TrustedProxies);
        EtcdSettings.Check(options, reader);
        MemorySettings.Check(options, reader);
        if (options.ReplicaUrl != KvStoreOptions.Auto && !IsAddress(options.ReplicaUrl))
            reader.Reject("ReplicaUrl", EtcdSettings.ReplicaUrlForm, options.ReplicaUrl);
        if (AddressSettings.List(options.AllowedHosts).FirstOrDefault(host => !Server.AllowedHosts.IsHost(host)) is { } host)
            reader.Reject("AllowedHosts", Server.AllowedHosts.Form, host);
        if (AddressSettings.List(options.AllowedOrigins).FirstOrDefault(origin => !Server.AllowedOrigins.IsOrigin(origin)) is { } origin)
            reader.Reject("AllowedOrigins", Server.AllowedOrigins.Form, origin);
        var largest = (2L * options.KeyBytesMax) + options.ValueBytesMax + options.HeadersBytesMax;
        if (options.Store.QueueBytesMax < largest)
            reader.Reject("QueueBytesMax", $"at least 2 * KvStore:KeyBytesMax + KvStore:ValueBytesMax + KvStore:HeadersBytesMax, which is {largest}, or the largest write with its conditions could never be admitted", options.Store.QueueBytesMax);
    }

    /// <summary>Whether a text is an address of http or https.</summary>
    public static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";
}

/// <summary>The configuration or the command line is not acceptable. The message has a line for each error.</summary>
internal sealed class InvalidSettingsException(IReadOnlyCollection<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>Every error: the setting, the accepted values, the given one.</summary>
    public IReadOnlyCollection<string> Problems { get; } = problems;

    /// <exception cref="InvalidSettingsException">There are problems.</exception>
    public static void ThrowIfAny(IReadOnlyCollection<string> problems)
    {
        if (problems.Count > 0)
            throw new InvalidSettingsException(problems);
    }
}
