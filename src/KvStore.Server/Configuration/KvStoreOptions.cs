using KvStore.Storage;

namespace KvStore.Server;

/// <summary>
/// The section <c>KvStore</c> of the configuration: the engine, and a limit on everything that can grow. Each property is the one
/// declaration of its setting: name, default, bounds, meaning. Immutable; read and validated once, at start (<see cref="KvStoreSettings"/>).
/// </summary>
internal sealed class KvStoreOptions(SettingsReader settings)
{
    /// <summary>The configuration section.</summary>
    public const string Section = "KvStore";

    /// <summary>The name of the engine that keeps files.</summary>
    public const string DiskEngine = "disk";

    /// <summary>The name of the engine that keeps nothing.</summary>
    public const string MemoryEngine = "memory";

    /// <summary>The name of the engine that keeps everything in etcd, together with other replicas.</summary>
    public const string EtcdEngine = "etcd";

    /// <summary>The default of <see cref="Data"/>.</summary>
    public const string DataDefault = "./data";

    /// <summary>The value of a setting that names something, when it names nothing.</summary>
    public const string None = "none";

    /// <summary>The value of a setting that the service finds out by itself.</summary>
    public const string Auto = "auto";

    /// <summary>The value of <see cref="Console"/> with which it changes nothing, and the one without it.</summary>
    public const string ConsoleReadOnly = "read-only", ConsoleOff = "off";

    /// <summary>The defaults.</summary>
    public KvStoreOptions() : this(new SettingsReader(new ConfigurationRoot([]).GetSection(Section), [])) { }

    /// <summary>What keeps the entries: <c>disk</c>; <c>memory</c>, which keeps nothing when the process ends; or <c>etcd</c>, for any number of equal replicas.</summary>
    public string Engine { get; init; } = settings.Choice("Engine", DiskEngine, [DiskEngine, MemoryEngine, EtcdEngine], later: []);

    /// <summary>The members of etcd that the engine etcd uses; <c>none</c> with the others.</summary>
    public string Etcd { get; init; } = settings.Text("Etcd", None, EtcdSettings.EndpointsForm);

    /// <summary>Below which keys of etcd the store lies. Replicas of one store have the same; other programs must not write there.</summary>
    public string EtcdPrefix { get; init; } = settings.Text("EtcdPrefix", "kvstore/", EtcdSettings.PrefixForm);

    /// <summary>The user of etcd, if it has authentication enabled, or <c>none</c>.</summary>
    public string EtcdUser { get; init; } = settings.Text("EtcdUser", None, "the name of a user of etcd, or none");

    /// <summary>The file with the password of <see cref="EtcdUser"/>.</summary>
    public string EtcdPasswordFile { get; init; } = settings.Text("EtcdPasswordFile", None, "the path of a file, or none");

    /// <summary>PEM file of the authorities that sign the certificates of etcd's members; <c>none</c> for those that the system trusts.</summary>
    public string EtcdCaFile { get; init; } = settings.Text("EtcdCaFile", None, "the path of a file, or none");

    /// <summary>PEM file of the certificate that this replica shows to etcd, or <c>none</c>.</summary>
    public string EtcdCertificateFile { get; init; } = settings.Text("EtcdCertificateFile", None, "the path of a file, or none");

    /// <summary>PEM file of the private key of <see cref="EtcdCertificateFile"/>.</summary>
    public string EtcdKeyFile { get; init; } = settings.Text("EtcdKeyFile", None, "the path of a file, or none");

    /// <summary>How long a write may take in etcd, its retries included. Then it gets 503 if it is certain that etcd does not have it, and otherwise 504.</summary>
    public TimeSpan EtcdTimeout { get; init; } = settings.Duration("EtcdTimeout", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));

    /// <summary>The bytes of etcd's database in use at which writes that add to the data are refused. Keep an eighth below etcd's <c>--quota-backend-bytes</c>.</summary>
    public long EtcdBytesMax { get; init; } = settings.Bytes("EtcdBytesMax", 1792L << 20, 64L << 20, 64L << 30);

    /// <summary>Whether a loaded replica stays ready while it cannot reach etcd. Without, it is not ready once its state is older than <see cref="StoreOptions.ReadWaitMax"/>.</summary>
    public bool ReadyWithoutEtcd { get; init; } = settings.Switch("ReadyWithoutEtcd", true);

    /// <summary>The directory of the disk engine's files, relative to the working directory; created if it is absent. The memory engine ignores it and says so at start.</summary>
    public string Data => Log.Directory;

    /// <summary>The limits of the log on disk, and when it flushes. The memory engine has none.</summary>
    public DiskLogOptions Log { get; init; } = KvStoreSettings.ReadLog(settings);

    /// <summary>Bytes of a key, as UTF-8. A longer key gets 400.</summary>
    public int KeyBytesMax { get; init; } = settings.Bytes("KeyBytesMax", 1024, 1, 8192);

    /// <summary>Bytes of a value. A larger value gets 413 and nothing is stored. At most 128 MiB: JSON escapes can make a value six times as long, and it must fit into one string.</summary>
    public int ValueBytesMax { get; init; } = settings.Bytes("ValueBytesMax", 1 << 20, 1, 128 << 20);

    /// <summary>Entries on a page of a listing without <c>limit</c>.</summary>
    public int PageEntriesDefault { get; init; } = settings.Integer("PageEntriesDefault", 100, 1, 100_000);

    /// <summary>The largest <c>limit</c> of a listing. A larger one gets 400.</summary>
    public int PageEntriesMax { get; init; } = settings.Integer("PageEntriesMax", 1000, 1, 100_000);

    /// <summary>Bytes of the keys and values on a page of a listing, and 128 for each of them. A page ends with the entry that reaches the limit; its cursor continues from there.</summary>
    public int PageBytesMax { get; init; } = settings.Bytes("PageBytesMax", 4 << 20, 1, 1 << 30);

    /// <summary>Entries that one request may delete by their prefix. With more of them it gets 409 and nothing is deleted.</summary>
    public int DeletedEntriesMax { get; init; } = settings.Integer("DeletedEntriesMax", 1_000_000, 1, 100_000_000);

    /// <summary>How long an idempotency record is retained. After that the same Idempotency-Key is a new request.</summary>
    public TimeSpan IdempotencyLifetime { get; init; } = settings.Duration("IdempotencyLifetime", TimeSpan.FromHours(24), TimeSpan.FromSeconds(1), TimeSpan.FromDays(365));

    /// <summary>How long a replica of a mergeable value may be silent. Then it is retired, and what it did offline since gets 410: it repeats that under a new id.</summary>
    public TimeSpan CrdtReplicaRetention { get; init; } = settings.Duration("CrdtReplicaRetention", TimeSpan.FromDays(30), TimeSpan.FromDays(1), TimeSpan.FromDays(3650));

    /// <summary>How long a read may wait for a change of its entry (<c>wait</c>). A longer wait gets 400.</summary>
    public TimeSpan WaitMax { get; init; } = settings.Duration("WaitMax", TimeSpan.FromSeconds(60), TimeSpan.Zero, TimeSpan.FromHours(1));

    /// <summary>How long a read waits for its <c>min_revision</c>. Then it gets 503.</summary>
    public TimeSpan MinRevisionTimeout { get; init; } = settings.Duration("MinRevisionTimeout", TimeSpan.FromSeconds(3), TimeSpan.Zero, TimeSpan.FromMinutes(10));

    /// <summary>Bytes of the JSON body of a transaction or a batch of reads; <see cref="StoreOptions.QueueBytesMax"/> also limits it. A larger one gets 413 and nothing is done.</summary>
    public int JsonBodyBytesMax { get; init; } = settings.Bytes("JsonBodyBytesMax", 8 << 20, 1024, 256 << 20);

    /// <summary>Operations of a transaction. More get 400.</summary>
    public int TransactionOperationsMax { get; init; } = settings.Integer("TransactionOperationsMax", 100, 1, 100_000);

    /// <summary>Guards of a transaction. More get 400.</summary>
    public int TransactionGuardsMax { get; init; } = settings.Integer("TransactionGuardsMax", 100, 1, 100_000);

    /// <summary>Keys of a batch of reads. More get 400.</summary>
    public int BatchKeysMax { get; init; } = settings.Integer("BatchKeysMax", 1000, 1, 100_000);

    /// <summary>Lines of an import whose errors are reported. Further ones are only counted.</summary>
    public int ImportErrorsMax { get; init; } = settings.Integer("ImportErrorsMax", 100, 0, 100_000);

    /// <summary>How long an import waits for room in the queue. Then it ends with 429, and what came before is stored.</summary>
    public TimeSpan ImportWaitMax { get; init; } = settings.Duration("ImportWaitMax", TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));

    /// <summary>Responses that send a whole state, exports and what a watch with <c>initial=true</c> starts with, at one time. One more waits like an expensive read, and then gets 503.</summary>
    public int ExportsMax { get; init; } = settings.Integer("ExportsMax", 16, 1, 1000);

    /// <summary>How long such a response may take. Then its connection is closed before the end. So is that of the oldest one when old snapshots reach <see cref="StoreOptions.SnapshotsBytesMax"/>.</summary>
    public TimeSpan ExportTimeMax { get; init; } = settings.Duration("ExportTimeMax", TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(30));

    /// <summary>The store's own limits: the queue, batches, history and retained snapshots.</summary>
    public StoreOptions Store { get; init; } = KvStoreSettings.ReadStore(settings);

    /// <summary>How long a watch may be silent before it gets a bookmark. Keep it below any proxy's idle timeout.</summary>
    public TimeSpan WatchBookmarkInterval { get; init; } = settings.Duration("WatchBookmarkInterval", TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));

    /// <summary>A replica whose cluster this one joins when it starts: where etcd is, and the settings that must be the same, are taken from it. <c>none</c> to take nothing.</summary>
    public string Join { get; init; } = settings.Text("Join", None, EtcdSettings.JoinForm);

    /// <summary>The key, with the right admin, that <see cref="Join"/> is asked with; <c>none</c> if it needs none. Sent as a Bearer token, so use https on a network.</summary>
    public string JoinToken { get; init; } = settings.Text("JoinToken", None, "a key of the service, with the right admin, or none");

    /// <summary>What operators call this replica, in <c>/v1/cluster</c>; <c>auto</c> for the name of the machine and the port.</summary>
    public string ReplicaName { get; init; } = settings.Text("ReplicaName", Auto, "a name for this replica, or auto");

    /// <summary>Where other machines reach this replica, as <c>/v1/cluster</c> shows it; <c>auto</c> for the first address that it listens at.</summary>
    public string ReplicaUrl { get; init; } = settings.Text("ReplicaUrl", Auto, EtcdSettings.ReplicaUrlForm);

    /// <summary>How long a service that is asked to stop serves on while it reports that it is not ready. Make it longer than a load balancer takes to notice.</summary>
    public TimeSpan DrainTime { get; init; } = settings.Duration("DrainTime", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(10));

    /// <summary>How long a stop waits for requests in flight, after <see cref="DrainTime"/>. Then their connections are closed; admitted writes are still committed.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = settings.Duration("ShutdownTimeout", TimeSpan.FromSeconds(3), TimeSpan.Zero, TimeSpan.FromMinutes(10));

    /// <summary>A successful request that takes at least this long is logged.</summary>
    public TimeSpan SlowRequestTime { get; init; } = settings.Duration("SlowRequestTime", TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));

    /// <summary>Whether every request is logged, not only failed and slow ones.</summary>
    public bool AccessLog { get; init; } = settings.Switch("AccessLog", false);

    /// <summary>The file of the keys, by which requests are authenticated (docs/security.md); <c>none</c> if everybody may do everything. Relative to the working directory.</summary>
    public string Keys { get; init; } = settings.TextOrList("Keys", None, "the path of a key file, a list of keys, or none");

    /// <summary>Whether a service whose requests need no key may listen on addresses that other machines reach. Otherwise the start is refused.</summary>
    public bool AllowAnonymous { get; init; } = settings.Switch("AllowAnonymous", false);

    /// <summary>Whether a service without a key file uses <c>keys.json</c> in its data directory; at its first start it makes the file, with one key that has all rights, and shows the key.</summary>
    public bool FirstKey { get; init; } = settings.Switch("FirstKey", false);

    /// <summary>Whether log lines and spans of requests have the path, and with it the key. Otherwise they have the route.</summary>
    public bool LogPaths { get; init; } = settings.Switch("LogPaths", false);

    /// <summary>The issuer whose tokens (JWT) are accepted besides keys, as its tokens name it; <c>none</c> for no tokens. Without <see cref="JwtKeysFile"/> its keys are fetched from it, by https.</summary>
    public string JwtAuthority { get; init; } = settings.Text("JwtAuthority", None, "the issuer of tokens, such as https://login.example.com, or none");

    /// <summary>The audience that a token must name. Needed with <see cref="JwtAuthority"/>.</summary>
    public string JwtAudience { get; init; } = settings.Text("JwtAudience", None, "the audience of tokens for this service, or none");

    /// <summary>The file of the issuer's public keys, a JSON Web Key Set, so that nothing is fetched; <c>none</c> for none. Relative to the working directory.</summary>
    public string JwtKeysFile { get; init; } = settings.Text("JwtKeysFile", None, "the path of a JSON Web Key Set, or none");

    /// <summary>The claim with the rights of a token: an array, or a text with spaces between them. Other words in it have no effect.</summary>
    public string JwtRightsClaim { get; init; } = settings.Text("JwtRightsClaim", "kvstore_rights", "the name of a claim");

    /// <summary>The claim with the prefixes of a token: an array or a text. Without it a token is for no entries; an empty prefix is for all.</summary>
    public string JwtPrefixesClaim { get; init; } = settings.Text("JwtPrefixesClaim", "kvstore_prefixes", "the name of a claim");

    /// <summary>Requests per second of one client: a key, a subject of tokens, or without keys an address. More get 429. 0 means no limit. Quotas of a key override it.</summary>
    public int RequestsPerSecondMax { get; init; } = settings.Integer("RequestsPerSecondMax", 0, 0, 10_000_000);

    /// <summary>Bytes of bodies and answers per second of one client. One that is above it gets 429 until that is made up for. 0 means no limit.</summary>
    public long BytesPerSecondMax { get; init; } = settings.Bytes("BytesPerSecondMax", 0L, 0, 1L << 40);

    /// <summary>Watches and long polls of one client at a time. One more gets 429. 0 means no limit but <see cref="StoreOptions.WatchersMax"/>.</summary>
    public int WatchersPerClientMax { get; init; } = settings.Integer("WatchersPerClientMax", 0, 0, 10_000_000);

    /// <summary>Exports and imports of one client at a time. One more gets 429. 0 means no limit but <see cref="ExportsMax"/>.</summary>
    public int TransfersPerClientMax { get; init; } = settings.Integer("TransfersPerClientMax", 0, 0, 1_000_000);

    /// <summary>The path below which a proxy shows the service, such as <c>/kv</c>; <c>/</c> for none. Links begin with it. Requests are served with it and without it.</summary>
    public string PathBase { get; init; } = settings.Text("PathBase", ProxySettings.Root, ProxySettings.PathBaseForm);

    /// <summary>The proxies whose X-Forwarded-For and X-Forwarded-Proto count: IP addresses and networks, or <c>none</c>. From others these headers have no effect.</summary>
    public string TrustedProxies { get; init; } = settings.Text("TrustedProxies", None, ProxySettings.TrustedProxiesForm);

    /// <summary>Open connections. One more is closed as soon as it is accepted. Fewer if the limit of open files leaves fewer.</summary>
    public int ConnectionsMax { get; init; } = settings.Integer("ConnectionsMax", 16_384, 1, 10_000_000);

    /// <summary>Open connections from one IPv4 address or one /64 network of IPv6. One more is closed as soon as it is accepted. 0 means three quarters of all that may be open.</summary>
    public int ConnectionsPerAddressMax { get; init; } = settings.Integer("ConnectionsPerAddressMax", 0, 0, 10_000_000);

    /// <summary>Where operators' requests are answered, whatever clients do; <c>none</c> for nowhere. Addresses of the form of <c>urls</c>, of http only.</summary>
    public string OperationsUrls { get; init; } = settings.Text("OperationsUrls", AddressSettings.None, "addresses such as http://127.0.0.1:9090, separated by semicolons, or none");

    /// <summary>Open connections to the operators' listener, which <see cref="ConnectionsMax"/> does not count. One more is closed as soon as it is accepted.</summary>
    public int OperationsConnectionsMax { get; init; } = settings.Integer("OperationsConnectionsMax", 64, 1, 10_000);

    /// <summary>The hosts by which clients may address the service besides localhost, loopback addresses and those that it listens on; <c>*</c> for any. A request for another one gets 421.</summary>
    public string AllowedHosts { get; init; } = settings.Text("AllowedHosts", AddressSettings.None, Server.AllowedHosts.Form);

    /// <summary>The origins of other sites whose pages may use the service (CORS). A change by a page of another one gets 403.</summary>
    public string AllowedOrigins { get; init; } = settings.Text("AllowedOrigins", AddressSettings.None, Server.AllowedOrigins.Form);

    /// <summary>Whose pages may include stored values, as images or scripts: those of this service, of hosts below the same registered name, or any (<c>Cross-Origin-Resource-Policy</c>).</summary>
    public string CrossOriginResourcePolicy { get; init; } = settings.Choice("CrossOriginResourcePolicy", "same-origin", ["same-origin", "same-site", "cross-origin"], later: []);

    /// <summary>Whether the console is served at <c>/ui</c>: <c>on</c>; <c>read-only</c>, which offers no changes, whatever the key may do; or <c>off</c>.</summary>
    public string Console { get; init; } = settings.Choice("Console", "on", ["on", ConsoleReadOnly, ConsoleOff], later: []);

    /// <summary>Bytes of all headers of a request. More get 431.</summary>
    public int HeadersBytesMax { get; init; } = settings.Bytes("HeadersBytesMax", 32 << 10, 1024, 1 << 20);

    /// <summary>How long a request's headers may take to arrive. Slower ones get 408.</summary>
    public TimeSpan HeadersTimeout { get; init; } = settings.Duration("HeadersTimeout", TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));

    /// <summary>How long a client may be silent while the service waits for it: for more of its body, then the request gets 408; or until it takes more of its answer, then the connection is closed.</summary>
    public TimeSpan BodySilenceMax { get; init; } = settings.Duration("BodySilenceMax", TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));

    /// <summary>The least that a client must send of its body, or take of its answer, in each second that the service waits for it, once it has used up <see cref="BodySilenceMax"/>. A slower one is silent.</summary>
    public int BodyBytesPerSecondMin { get; init; } = settings.Bytes("BodyBytesPerSecondMin", 8 << 10, 1, 1 << 30);

    /// <summary>Bytes that the operating system buffers for a client that does not read; it doubles them for its own overhead. Fewer take less memory, more are faster over long distances.</summary>
    public int SendBufferBytes { get; init; } = settings.Bytes("SendBufferBytes", 64 << 10, 4096, 64 << 20);

    /// <summary>Requests of one HTTP/2 connection at a time. One more waits.</summary>
    public int StreamsPerConnectionMax { get; init; } = settings.Integer("StreamsPerConnectionMax", 100, 1, 10_000);

    /// <summary>How long a connection may stay open without a request. Then it is closed.</summary>
    public TimeSpan IdleConnectionTimeout { get; init; } = settings.Duration("IdleConnectionTimeout", TimeSpan.FromSeconds(130), TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
}
