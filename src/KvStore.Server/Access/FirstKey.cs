namespace KvStore.Server;

/// <summary>
/// The key that a service makes for itself when it starts without any (<see cref="KvStoreOptions.FirstKey"/>), so that a container is protected
/// from its first start and still starts with one command.
/// </summary>
internal static class FirstKey
{
    /// <summary>The name of the key file in the data directory. The log knows it as none of its own.</summary>
    public const string FileName = "keys.json";

    private const string Name = "first";

    /// <summary>
    /// If the settings ask for a first key and name no key file, makes the key file in the data directory that one, with a key unless it is there already.
    /// </summary>
    /// <param name="configuration">The configuration, before anything reads the settings from it.</param>
    /// <param name="output">Where the key is shown, once.</param>
    public static async Task PrepareAsync(IConfiguration configuration, TextWriter output)
    {
        if (AccessPipeline.IsConfigured(configuration) || !bool.TryParse(Setting(configuration, nameof(KvStoreOptions.FirstKey)), out var isWanted) || !isWanted)
            return;
        var directory = Setting(configuration, nameof(KvStoreOptions.Data))?.Trim() is { Length: > 0 } data ? data : KvStoreOptions.DataDefault;
        var file = Path.Combine(directory, FileName);
        configuration[$"{KvStoreOptions.Section}:{nameof(KvStoreOptions.Keys)}"] = file;
        if (Path.Exists(file) || await MakeAsync(file).ConfigureAwait(false) is not { } token)
            return;

        await output.WriteLineAsync("The first key of this service, with all rights. It is shown only now; send it as Authorization: Bearer KEY.").ConfigureAwait(false);
        await output.WriteLineAsync(token).ConfigureAwait(false);
        await output.WriteLineAsync($"Its hash is in {file}. Others are made with: keys new --file {file}").ConfigureAwait(false);
        await output.FlushAsync().ConfigureAwait(false);
    }

    // Null if another service has made it in the meantime.
    private static async Task<string?> MakeAsync(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var (token, key) = KeyEntry.New(Name, Rights.Read | Rights.Write | Rights.Delete | Rights.Admin);
        var isMade = false;
        await AtomicFile.ChangeAsync(file, before => (isMade = before is null) ? KeyFile.ToUtf8([key]) : null).ConfigureAwait(false);
        return isMade ? token : null;
    }

    private static string? Setting(IConfiguration configuration, string name) => configuration[$"{KvStoreOptions.Section}:{name}"];
}
