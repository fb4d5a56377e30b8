using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>Joins the cluster of a replica that <see cref="KvStoreOptions.Join"/> names: its answer becomes the settings of this one, before anything reads them.</summary>
internal static class Joining
{
    private const string Setting = $"{KvStoreOptions.Section}:{nameof(KvStoreOptions.Join)}";

    /// <summary>The file in the data directory that has the authorities of etcd, as the other replica has them.</summary>
    private const string CaFileName = "etcd-ca.pem";

    /// <summary>Asks the replica, if the settings name one, and completes the configuration.</summary>
    /// <exception cref="InvalidSettingsException">It cannot be joined with these settings.</exception>
    public static async Task PrepareAsync(IConfiguration configuration)
    {
        if (!KvStoreSettings.IsGiven(configuration, nameof(KvStoreOptions.Join)))
            return;
        var address = configuration[Setting]!.Trim();
        if (!KvStoreSettings.IsAddress(address))
            throw Refusal($"{Setting} must be {EtcdSettings.JoinForm}. Given: {address}.");
        var invitation = await JoinRequest.SendAsync(new Uri(address), configuration[$"{KvStoreOptions.Section}:{nameof(KvStoreOptions.JoinToken)}"]).ConfigureAwait(false);
        CheckEngine(configuration, address, invitation);
        await CheckClusterAsync(configuration, address, invitation).ConfigureAwait(false);
        CheckSettings(configuration, address, invitation);
        await TakeAsync(configuration, invitation).ConfigureAwait(false);
    }

    public static InvalidSettingsException Refusal(string problem) => new([problem]);

    private static void CheckEngine(IConfiguration configuration, string address, JoinInvitation invitation)
    {
        if (invitation.Engine != KvStoreOptions.EtcdEngine || invitation.Etcd.Count == 0)
            throw Refusal($"{address} runs the engine {invitation.Engine}, whose store has one replica, so nothing can join it. Start it with --engine {KvStoreOptions.EtcdEngine}.");
        if (Given(configuration, "Engine") is { } engine && !engine.Equals(KvStoreOptions.EtcdEngine, StringComparison.OrdinalIgnoreCase))
            throw Refusal($"{Setting} needs the engine {KvStoreOptions.EtcdEngine}. Given: {engine}.");
    }

    /// <summary>If etcd is named as well, perhaps by other addresses, it must be the same cluster: otherwise this replica would serve another store behind the same load balancer.</summary>
    private static async Task CheckClusterAsync(IConfiguration configuration, string address, JoinInvitation invitation)
    {
        if (Given(configuration, "Etcd") is not { } given || invitation.EtcdClusterId is not { } theirs)
            return;
        string ours;
        try
        {
            await using var etcd = new EtcdClient(EtcdConnection.OptionsOf(new KvStoreOptions(new SettingsReader(configuration.GetSection(KvStoreOptions.Section), []))), TimeProvider.System);
            ours = EtcdConnection.TextOf((await etcd.ReportAsync(CancellationToken.None).ConfigureAwait(false)).ClusterId);
        }
        catch (Exception exception) when (exception is EtcdException or ArgumentException)
        {
            throw Refusal($"It cannot be found out whether {given} is the etcd cluster of {address}: {exception.Message}");
        }

        if (ours != theirs)
            throw Refusal($"{address} belongs to another cluster: its store {invitation.StoreId} is in the etcd cluster {theirs}, and {given} is the cluster {ours}. Leave out --etcd, or join a replica of that cluster.");
    }

    private static void CheckSettings(IConfiguration configuration, string address, JoinInvitation invitation)
    {
        // The values as the settings will be read, whatever their spelling. What is wrong with them is said when they are.
        var section = configuration.GetSection(KvStoreOptions.Section);
        var options = new KvStoreOptions(new SettingsReader(section, []));
        var own = SharedSettings.Of(options).ToDictionary();
        var problems = new List<string>();
        if (Given(configuration, "EtcdPrefix") is { } prefix && prefix != invitation.EtcdPrefix)
            problems.Add(Differs("EtcdPrefix", prefix, invitation.EtcdPrefix));
        foreach (var (name, value) in invitation.Settings)
        {
            if (Given(configuration, name) is not null && own.TryGetValue(name, out var ours) && ours != value)
                problems.Add(Differs(name, ours, value));
        }

        // Not taken from there, because it does not have all of them: some are secret.
        var (ownOrigins, theirOrigins) = (SharedSettings.Of(KvStoreSettings.ReadOrigins(configuration, options)).ToDictionary(), invitation.Settings.Where(setting => IsOfOrigin(setting.Name)).ToDictionary());
        foreach (var name in theirOrigins.Keys.Union(ownOrigins.Keys))
        {
            var (ours, theirs) = (ownOrigins.GetValueOrDefault(name, "not set"), theirOrigins.GetValueOrDefault(name, "not set"));
            if (ours != theirs)
                problems.Add($"{KvStoreOptions.Section}:{name} must be the same on all replicas: it is {theirs} at {address}, and {ours} here. Copy the settings of origins from there.");
        }

        if (problems.Count > 0)
            throw new InvalidSettingsException(problems);

        string Differs(string name, string ours, string theirs) =>
            $"{KvStoreOptions.Section}:{name} must be the same on all replicas: it is {theirs} at {address}, and {ours} here. Leave it out, and it is taken from there.";
    }

    private static async Task TakeAsync(IConfiguration configuration, JoinInvitation invitation)
    {
        Set("Engine", KvStoreOptions.EtcdEngine);
        if (Given(configuration, "Etcd") is null)
        {
            Set("Etcd", string.Join(',', invitation.Etcd));
            if (invitation.EtcdCa is { } ca && Given(configuration, "EtcdCaFile") is null)
                Set("EtcdCaFile", await WriteAsync(configuration, ca).ConfigureAwait(false));
        }

        Set("EtcdPrefix", invitation.EtcdPrefix);

        // A later version may have others, which this one would report as misspelt.
        foreach (var (name, value) in invitation.Settings.Where(setting => SharedSettings.Of(new KvStoreOptions()).Any(known => known.Name == setting.Name)))
            Set(name, value);

        void Set(string name, string value) => configuration[$"{KvStoreOptions.Section}:{name}"] = value;
    }

    private static async Task<string> WriteAsync(IConfiguration configuration, string ca)
    {
        var directory = Given(configuration, nameof(KvStoreOptions.Data)) ?? KvStoreOptions.DataDefault;
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, CaFileName);
        await AtomicFile.ChangeAsync(file, _ => Encoding.UTF8.GetBytes(ca)).ConfigureAwait(false);
        return file;
    }

    private static bool IsOfOrigin(string name) => name.StartsWith(OriginSettings.Section + ":", StringComparison.Ordinal);

    private static string? Given(IConfiguration configuration, string name) =>
        KvStoreSettings.IsGiven(configuration, name) && configuration[$"{KvStoreOptions.Section}:{name}"]?.Trim() is { Length: > 0 } value ? value : null;
}
