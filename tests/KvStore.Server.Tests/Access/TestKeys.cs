namespace KvStore.Server.Tests;

/// <summary>Keys for services of tests, and files that have them.</summary>
internal static class TestKeys
{
    private static readonly Lazy<string> Directory = new(MakeDirectory);
    private static readonly List<KeyEntry> Written = [];
    private static int _files;

    /// <summary>All rights, to all keys.</summary>
    public static readonly string All = Add("all", Rights.Read | Rights.Write | Rights.Delete | Rights.Admin);

    /// <summary>The rights to entries, to all keys.</summary>
    public static readonly string Entries = Add("entries", Rights.Read | Rights.Write | Rights.Delete);

    public static readonly string Read = Add("read", Rights.Read);

    public static readonly string Write = Add("write", Rights.Write);

    public static readonly string Delete = Add("delete", Rights.Delete);

    public static readonly string Admin = Add("admin", Rights.Admin);

    /// <summary>The rights to entries whose keys begin with a/ or aa/.</summary>
    public static readonly string BelowA = Add("below-a", Rights.Read | Rights.Write | Rights.Delete, ["a/", "aa/"]);

    /// <summary>The same for b/.</summary>
    public static readonly string BelowB = Add("below-b", Rights.Read | Rights.Write | Rights.Delete, ["b/"]);

    /// <summary>All rights, until 2001.</summary>
    public static readonly string Expired = Add("expired", Rights.Read | Rights.Write | Rights.Delete | Rights.Admin, expiresAt: new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>A file with these keys.</summary>
    public static string File { get; } = WriteFile(Written);

    /// <summary>Starts a service with these keys.</summary>
    public static Task<KvServer> StartAsync(params (string Name, string Value)[] settings) => KvServer.StartAsync([("Keys", File), .. settings]);

    /// <summary>Writes a file of its own.</summary>
    public static string WriteFile(IEnumerable<KeyEntry> entries) => WriteText(KeyFile.ToUtf8(entries));

    public static string WriteText(byte[] text)
    {
        var file = Path.Combine(Directory.Value, $"keys{Interlocked.Increment(ref _files)}.json");
        System.IO.File.WriteAllBytes(file, text);
        return file;
    }

    /// <summary>The entry of a token.</summary>
    public static KeyEntry EntryOf(string token, string name, Rights rights)
    {
        var hash = new byte[KeyEntry.HashBytes];
        Assert.True(KeyToken.TryHash(token, hash));
        return new KeyEntry(name, hash, rights);
    }

    private static string Add(string name, Rights rights, IReadOnlyList<string>? prefixes = null, DateTimeOffset? expiresAt = null)
    {
        var token = KeyToken.New();
        Written.Add(EntryOf(token, name, rights) with { Prefixes = prefixes ?? [], ExpiresAt = expiresAt });
        return token;
    }

    private static string MakeDirectory()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("kvstore-keys-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(directory, recursive: true);
        return directory;
    }
}
