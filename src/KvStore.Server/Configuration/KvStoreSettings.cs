using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Reads <see cref="KvStoreOptions"/> from the configuration and checks them, one setting at a time and against each other.</summary>
internal static class KvStoreSettings
{
    private const int MiB = 1 << 20;
    private static readonly string[] Engines = [KvStoreOptions.DiskEngine, KvStoreOptions.MemoryEngine];
    private static readonly string[] LaterEngines = ["etcd"];
    private static readonly string[] FlushModes = ["always", "interval"];

    /// <summary>The options.</summary>
    /// <exception cref="InvalidSettingsException">Some of them are not acceptable; it names all of those.</exception>
    public static KvStoreOptions Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration.GetSection(KvStoreOptions.Section), []);
        var options = Read(reader);
        Check(options, reader);
        reader.RefuseUnknown();
        AddressSettings.Check(configuration, reader.Problems);
        LogLevels.Read(configuration, reader.Problems);
        return reader.Problems.Count == 0 ? options : throw new InvalidSettingsException(reader.Problems);
    }

    /// <summary>Reads every setting; what is wrong is noted by the reader and the default stands in for it.</summary>
    public static KvStoreOptions Read(SettingsReader reader)
    {
        var defaults = new KvStoreOptions();
        var store = defaults.Store;
        return new KvStoreOptions
        {
            Engine = reader.Choice("Engine", defaults.Engine, Engines, LaterEngines),
            Log = ReadLog(reader, defaults.Log),
            KeyBytesMax = reader.Integer("KeyBytesMax", defaults.KeyBytesMax, 1, 8192),
            ValueBytesMax = reader.Integer("ValueBytesMax", defaults.ValueBytesMax, 1, 128 * MiB),
            PageEntriesDefault = reader.Integer("PageEntriesDefault", defaults.PageEntriesDefault, 1, 100_000),
            PageEntriesMax = reader.Integer("PageEntriesMax", defaults.PageEntriesMax, 1, 100_000),
            PageBytesMax = reader.Integer("PageBytesMax", defaults.PageBytesMax, 1, 1024 * MiB),
            DeletedEntriesMax = reader.Integer("DeletedEntriesMax", defaults.DeletedEntriesMax, 1, 100_000_000),
            IdempotencyLifetime = reader.Duration("IdempotencyLifetime", defaults.IdempotencyLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(365)),
            WaitMax = reader.Duration("WaitMax", defaults.WaitMax, TimeSpan.Zero, TimeSpan.FromHours(1)),
            MinRevisionTimeout = reader.Duration("MinRevisionTimeout", defaults.MinRevisionTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            JsonBodyBytesMax = reader.Integer("JsonBodyBytesMax", defaults.JsonBodyBytesMax, 1024, 256 * MiB),
            TransactionOperationsMax = reader.Integer("TransactionOperationsMax", defaults.TransactionOperationsMax, 1, 100_000),
            TransactionGuardsMax = reader.Integer("TransactionGuardsMax", defaults.TransactionGuardsMax, 1, 100_000),
            BatchKeysMax = reader.Integer("BatchKeysMax", defaults.BatchKeysMax, 1, 100_000),
            ImportErrorsMax = reader.Integer("ImportErrorsMax", defaults.ImportErrorsMax, 0, 100_000),
            ImportWaitMax = reader.Duration("ImportWaitMax", defaults.ImportWaitMax, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            Store = new StoreOptions
            {
                QueueOperationsMax = reader.Integer("QueueOperationsMax", store.QueueOperationsMax, 1, 10_000_000),
                QueueBytesMax = reader.Integer("QueueBytesMax", store.QueueBytesMax, 1, 1L << 40),
                BatchOperationsMax = reader.Integer("BatchOperationsMax", store.BatchOperationsMax, 1, 1_000_000),
                HistoryCommitsMax = reader.Integer("HistoryCommitsMax", store.HistoryCommitsMax, 0, 100_000_000),
                HistoryBytesMax = reader.Integer("HistoryBytesMax", store.HistoryBytesMax, 0, 1L << 40),
                HistoryAgeMax = reader.Duration("HistoryAgeMax", store.HistoryAgeMax, TimeSpan.Zero, TimeSpan.FromDays(365)),
                KeptSnapshotsMax = reader.Integer("KeptSnapshotsMax", store.KeptSnapshotsMax, 0, 100_000),
                ExpiryInterval = reader.Duration("ExpiryInterval", store.ExpiryInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(500)),
                IdempotencyRecordsMax = reader.Integer("IdempotencyRecordsMax", store.IdempotencyRecordsMax, 0, 1_000_000_000),
                WatchersMax = reader.Integer("WatchersMax", store.WatchersMax, 0, 10_000_000),
                WatchRestMax = reader.Duration("WatchRestMax", store.WatchRestMax, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
                KeptSnapshotAgeMax = reader.Duration("KeptSnapshotAgeMax", store.KeptSnapshotAgeMax, TimeSpan.Zero, TimeSpan.FromDays(1)),
            },
            WatchBookmarkInterval = reader.Duration("WatchBookmarkInterval", defaults.WatchBookmarkInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            WatchEventBytesMax = reader.Integer("WatchEventBytesMax", defaults.WatchEventBytesMax, 1, 256 * MiB),
            ShutdownTimeout = reader.Duration("ShutdownTimeout", defaults.ShutdownTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            SlowRequestTime = reader.Duration("SlowRequestTime", defaults.SlowRequestTime, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            AccessLog = reader.Switch("AccessLog", defaults.AccessLog),
            ConnectionsMax = reader.Integer("ConnectionsMax", defaults.ConnectionsMax, 1, 10_000_000),
            HeadersBytesMax = reader.Integer("HeadersBytesMax", defaults.HeadersBytesMax, 1024, MiB),
            HeadersTimeout = reader.Duration("HeadersTimeout", defaults.HeadersTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            BodySilenceMax = reader.Duration("BodySilenceMax", defaults.BodySilenceMax, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            IdleConnectionTimeout = reader.Duration("IdleConnectionTimeout", defaults.IdleConnectionTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
        };
    }

    private static DiskLogOptions ReadLog(SettingsReader reader, DiskLogOptions log) => new()
    {
        Directory = reader.Text("Data", log.Directory, "a directory"),
        FlushMode = reader.Choice("FlushMode", FlushModes[0], FlushModes, []) == FlushModes[0] ? FlushMode.Always : FlushMode.Interval,
        FlushInterval = reader.Duration("FlushInterval", log.FlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
        SegmentBytesMax = reader.Integer("SegmentBytesMax", log.SegmentBytesMax, 4096, 1L << 40),
        ReserveBytes = reader.Integer("ReserveBytes", log.ReserveBytes, 0, 1L << 30),
        CheckpointLogBytesMin = reader.Integer("CheckpointLogBytesMin", log.CheckpointLogBytesMin, 4096, 1L << 50),
        CheckpointLogPercent = reader.Integer("CheckpointLogPercent", log.CheckpointLogPercent, 1, 100_000),
        CheckpointBytesPerSecondMax = reader.Integer("CheckpointBytesPerSecondMax", log.CheckpointBytesPerSecondMax, 64 << 10, 1L << 40),
        CheckpointRetryDelay = reader.Duration("CheckpointRetryDelay", log.CheckpointRetryDelay, TimeSpan.Zero, TimeSpan.FromDays(1)),
        ReplayedCommitsMax = reader.Integer("ReplayedCommitsMax", log.ReplayedCommitsMax, 0, 100_000_000),
        ReplayedBytesMax = reader.Integer("ReplayedBytesMax", log.ReplayedBytesMax, 0, 1L << 40),
    };

    private static void Check(KvStoreOptions options, SettingsReader reader)
    {
        if (options.PageEntriesDefault > options.PageEntriesMax)
            reader.Refuse("PageEntriesDefault", $"at most KvStore:PageEntriesMax, which is {options.PageEntriesMax}", options.PageEntriesDefault);

        var largest = (2L * options.KeyBytesMax) + options.ValueBytesMax + options.HeadersBytesMax;
        if (options.Store.QueueBytesMax < largest)
            reader.Refuse("QueueBytesMax", $"at least 2 * KvStore:KeyBytesMax + KvStore:ValueBytesMax + KvStore:HeadersBytesMax, which is {largest}, or the largest write with its conditions could never be admitted", options.Store.QueueBytesMax);
    }
}
