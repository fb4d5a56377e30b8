using System.Security.Cryptography;

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
    public static void Prepare(IConfiguration configuration, TextWriter output)
    {
        if (AccessPipeline.IsConfigured(configuration) || !bool.TryParse(Setting(configuration, nameof(KvStoreOptions.FirstKey)), out var isWanted) || !isWanted)
            return;
        var directory = Setting(configuration, nameof(KvStoreOptions.Data))?.Trim() is { Length: > 0 } data ? data : KvStoreOptions.DataDefault;
        var file = Path.Combine(directory, FileName);
        configuration[$"{KvStoreOptions.Section}:{nameof(KvStoreOptions.Keys)}"] = file;
        if (File.Exists(file))
            return;

        Directory.CreateDirectory(directory);
        var token = KeyToken.New();
        var key = new KeyEntry(Name, SHA256.HashData(Encoding.ASCII.GetBytes(token)), Rights.Read | Rights.Write | Rights.Delete | Rights.Admin);
        Write(file, KeyFile.ToUtf8([key]));
        output.WriteLine("The first key of this service, with all rights. It is shown only now; send it as Authorization: Bearer KEY.");
        output.WriteLine(token);
        output.WriteLine($"Its hash is in {file}. Others are made with: keys new --file {file}");
        output.Flush();
    }

    // Whole or not at all: a file without the key that was shown would lock everybody out.
    private static void Write(string file, byte[] utf8)
    {
        var unfinished = file + ".tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(unfinished, options))
        {
            stream.Write(utf8);
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, file);
    }

    private static string? Setting(IConfiguration configuration, string name) => configuration[$"{KvStoreOptions.Section}:{name}"];
}
