using KvStore.Origins;

namespace KvStore.Server;

/// <summary>
/// Reads the section <c>KvStore:Origins</c>, which has a section for each origin, by its name. <see cref="OriginOptions"/> explains the settings and has their defaults.
/// </summary>
internal static class OriginSettings
{
    public const string Section = "Origins";

    /// <summary>What a name may be: a part of paths and of keys in the store.</summary>
    private const string NameForm = "a name of at most 64 letters, digits, - and _";

    private const string PrefixForm = "what keys start with, such as rates/acme/";
    private const string UrlForm = "an address of http or https with {key} or {fullkey} in its path or query, such as https://api.example.com/rates/{key}";
    private const string BatchUrlForm = "an address of http or https with {keys} in its path or query, such as https://api.example.com/rates?ids={keys}";
    private const string PointerForm = "a JSON pointer such as /items, or none for the whole";

    private static readonly string[] Writes = ["refuse", "local"];

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    private static readonly TimeSpan DurationMax = TimeSpan.FromDays(30);

    /// <summary>Every origin, in the order of names. What is wrong is added to the problems of the reader.</summary>
    /// <param name="settings">The settings of the service.</param>
    /// <param name="keyBytesMax">The longest key.</param>
    public static IReadOnlyList<OriginOptions> Read(SettingsReader settings, int keyBytesMax)
    {
        var all = settings.Section(Section);
        var origins = new List<OriginOptions>();
        foreach (var name in all.Names.ToArray())
        {
            if (name.Length > 64 || name.AsSpan().ContainsAnyExcept(NameCharacters))
                all.Reject(name, NameForm, name);
            var section = all.Section(name);
            var origin = ReadOne(section, name);
            section.RejectUnknown();
            Check(origin, section, keyBytesMax);
            if (origins.Find(other => Overlap(other.Prefix, origin.Prefix)) is { } overlapping)
                section.Reject("Prefix", $"a prefix that neither starts with that of {overlapping.Name}, which is {overlapping.Prefix}, nor is the start of it", origin.Prefix);
            origins.Add(origin);
        }

        return origins;
    }

    /// <summary>Every setting of an origin, with its default, as <c>--help</c> shows it.</summary>
    public static IEnumerable<Setting> Describe()
    {
        var reader = new SettingsReader(new ConfigurationRoot([]).GetSection("NAME"), []);
        ReadOne(reader, "NAME", withAll: true);
        return reader.All;
    }

    private static OriginOptions ReadOne(SettingsReader settings, string name, bool withAll = false)
    {
        var defaults = new OriginOptions { Name = name, Prefix = "", Http = new OriginHttpOptions { Url = "" } };
        return defaults with
        {
            Prefix = settings.Text("Prefix", "", PrefixForm),
            Http = ReadHttp(settings.Section("Http"), withAll),
            Workers = ReadWorkers(settings.Section("Workers"), defaults.Workers),
            Tokens = ReadTokens(settings.Section("Tokens"), defaults.Tokens),
            LoadTimeout = settings.Duration("LoadTimeout", defaults.LoadTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            WaitersMax = settings.Integer("WaitersMax", defaults.WaitersMax, 1, 1_000_000),
            FreshFor = settings.Duration("FreshFor", defaults.FreshFor, TimeSpan.Zero, DurationMax),
            RefreshAheadPercent = settings.Integer("RefreshAheadPercent", defaults.RefreshAheadPercent, 1, 100),
            JitterPercent = settings.Integer("JitterPercent", defaults.JitterPercent, 0, 90),
            StaleWhileRevalidate = settings.Duration("StaleWhileRevalidate", defaults.StaleWhileRevalidate, TimeSpan.Zero, DurationMax),
            StaleIfError = settings.Duration("StaleIfError", defaults.StaleIfError, TimeSpan.Zero, DurationMax),
            NegativeFor = settings.Duration("NegativeFor", defaults.NegativeFor, TimeSpan.Zero, DurationMax),
            FailureFor = settings.Duration("FailureFor", defaults.FailureFor, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Writes = settings.Choice("Writes", Writes[0], Writes, later: ["through", "behind"]) == Writes[0] ? OriginWrites.Refuse : OriginWrites.Local,
            Journal = withAll || settings.Has("Journal") ? ReadJournal(settings.Section("Journal")) : null,
        };
    }

    private static OriginHttpOptions ReadHttp(SettingsReader settings, bool withAll)
    {
        var headers = settings.Section("Headers");
        var http = new OriginHttpOptions
        {
            Url = settings.Text("Url", "", UrlForm),
            Batch = withAll || settings.Has("Batch") ? ReadBatch(settings.Section("Batch")) : null,
            Headers = headers.Names.ToArray().ToDictionary(name => name, name => headers.Text(name, "", "the value of a header")),
        };
        settings.RejectUnknown();
        return http;
    }

    private static OriginBatchOptions ReadBatch(SettingsReader settings)
    {
        var defaults = new OriginBatchOptions { Url = "" };
        var batch = new OriginBatchOptions
        {
            Url = settings.Text("Url", "", BatchUrlForm),
            KeysMax = settings.Integer("KeysMax", defaults.KeysMax, 2, 1000),
            Wait = settings.Duration("Wait", defaults.Wait, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
            Items = PointerOf(settings.Text("Items", KvStoreOptions.None, PointerForm)),
            ItemKey = PointerOf(settings.Text("ItemKey", defaults.ItemKey, PointerForm)),
        };
        if (!IsAddress(batch.Url, "{keys}"))
            settings.Reject("Url", BatchUrlForm, Given(batch.Url));
        foreach (var (name, pointer) in ((string, string)[])[("Items", batch.Items), ("ItemKey", batch.ItemKey)])
        {
            if (pointer.Length > 0 && pointer[0] != '/')
                settings.Reject(name, PointerForm, pointer);
        }

        settings.RejectUnknown();
        return batch;
    }

    private static OriginWorkerOptions ReadWorkers(SettingsReader settings, OriginWorkerOptions defaults)
    {
        var workers = new OriginWorkerOptions
        {
            Min = settings.Integer("Min", defaults.Min, 1, 10_000),
            Max = settings.Integer("Max", defaults.Max, 1, 10_000),
            GrowAfter = settings.Duration("GrowAfter", defaults.GrowAfter, TimeSpan.Zero, TimeSpan.FromMinutes(1)),
            ShrinkAfter = settings.Duration("ShrinkAfter", defaults.ShrinkAfter, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
        };
        if (workers.Min > workers.Max)
            settings.Reject("Min", $"at most Max, which is {workers.Max}", workers.Min);
        settings.RejectUnknown();
        return workers;
    }

    private static OriginTokenOptions ReadTokens(SettingsReader settings, OriginTokenOptions defaults)
    {
        var tokens = new OriginTokenOptions
        {
            PerSecond = settings.Number("PerSecond", defaults.PerSecond, 0, 1_000_000),
            Burst = settings.Integer("Burst", defaults.Burst, 1, 1_000_000),
        };
        settings.RejectUnknown();
        return tokens;
    }

    private static OriginJournalOptions ReadJournal(SettingsReader settings)
    {
        var defaults = new OriginJournalOptions { Directory = "" };
        var journal = new OriginJournalOptions
        {
            Directory = settings.Text("Directory", "", "a directory"),
            BytesMax = settings.Bytes("BytesMax", defaults.BytesMax, 1 << 20, 1L << 50),
            RedactHeaders = settings.Texts("RedactHeaders", [.. defaults.RedactHeaders], "names of headers, as a list or separated by semicolons"),
        };
        if (journal.Directory.Length == 0)
            settings.Reject("Directory", "a directory", "nothing");
        settings.RejectUnknown();
        return journal;
    }

    private static void Check(OriginOptions origin, SettingsReader settings, int keyBytesMax)
    {
        // It may end in what would be a dot segment if it were a key. A key has something after it.
        if (Key.Check(Encoding.UTF8.GetBytes(origin.Prefix), Math.Max(0, keyBytesMax - 1)) is not (KeyProblem.None or KeyProblem.DotSegment))
            settings.Reject("Prefix", PrefixForm, Given(origin.Prefix));
        if (!IsAddress(origin.Http.Url, "{key}", "{fullkey}"))
            settings.Section("Http").Reject("Url", UrlForm, Given(origin.Http.Url));
    }

    private static bool Overlap(string one, string other) => one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);

    // Not in the name of the host: who asks for a key would choose the server.
    private static bool IsAddress(string url, params string[] places)
    {
        var place = places.FirstOrDefault(one => url.Contains(one, StringComparison.Ordinal));
        return place is not null && Uri.TryCreate(url.Replace(place, "k", StringComparison.Ordinal), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            && Uri.TryCreate(url.Replace(place, "l", StringComparison.Ordinal), UriKind.Absolute, out var another) && address.Authority == another.Authority && address.UserInfo == another.UserInfo && address.Scheme == another.Scheme;
    }

    private static string PointerOf(string text) => text.Equals(KvStoreOptions.None, StringComparison.OrdinalIgnoreCase) ? "" : text;

    private static string Given(string text) => text.Length == 0 ? "nothing" : text;
}
