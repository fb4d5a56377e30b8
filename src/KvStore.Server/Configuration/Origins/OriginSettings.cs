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

    private static readonly string[] Writes = ["refuse", "local", "through", "behind"];

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

    /// <summary>What writes of clients do, as the settings say it.</summary>
    public static string TextOf(OriginWrites writes) => writes switch
    {
        OriginWrites.Local => "local",
        OriginWrites.Through => "through",
        OriginWrites.Behind => "behind",
        _ => "refuse",
    };

    private static OriginOptions ReadOne(SettingsReader settings, string name, bool withAll = false)
    {
        var defaults = new OriginOptions { Name = name, Prefix = settings.Text("Prefix", "", PrefixForm) };
        var writes = ReadWrites(settings);
        return defaults with
        {
            Http = withAll || settings.Has("Http") || (!settings.Has("Sql") && writes != OriginWrites.Local) ? OriginHttpSettings.Read(settings.Section("Http"), withAll) : null,
            Sql = withAll || settings.Has("Sql") ? OriginSqlSettings.Read(settings.Section("Sql"), writes is OriginWrites.Through or OriginWrites.Behind) : null,
            Workers = ReadWorkers(settings.Section("Workers"), defaults.Workers),
            Tokens = ReadTokens(settings.Section("Tokens"), defaults.Tokens),
            Calls = ReadCalls(settings.Section("Calls"), defaults.Calls),
            LoadTimeout = settings.Duration("LoadTimeout", defaults.LoadTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            WaitersMax = settings.Integer("WaitersMax", defaults.WaitersMax, 1, 1_000_000),
            FreshFor = settings.Duration("FreshFor", defaults.FreshFor, TimeSpan.Zero, DurationMax),
            RefreshAheadPercent = settings.Integer("RefreshAheadPercent", defaults.RefreshAheadPercent, 1, 100),
            JitterPercent = settings.Integer("JitterPercent", defaults.JitterPercent, 0, 90),
            StaleWhileRevalidate = settings.Duration("StaleWhileRevalidate", defaults.StaleWhileRevalidate, TimeSpan.Zero, DurationMax),
            StaleIfError = settings.Duration("StaleIfError", defaults.StaleIfError, TimeSpan.Zero, DurationMax),
            NegativeFor = settings.Duration("NegativeFor", defaults.NegativeFor, TimeSpan.Zero, DurationMax),
            FailureFor = settings.Duration("FailureFor", defaults.FailureFor, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Writes = writes,
            Outbox = ReadOutbox(settings.Section("Outbox"), defaults.Outbox),
            Journal = withAll || settings.Has("Journal") ? ReadJournal(settings.Section("Journal")) : null,
        };
    }

    private static OriginWrites ReadWrites(SettingsReader settings) =>
        Enum.Parse<OriginWrites>(settings.Choice("Writes", Writes[0], Writes, later: []), ignoreCase: true);

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

    private static OriginCallOptions ReadCalls(SettingsReader settings, OriginCallOptions defaults)
    {
        var calls = new OriginCallOptions
        {
            AttemptsMax = settings.Integer("AttemptsMax", defaults.AttemptsMax, 1, 100),
            Backoff = settings.Duration("Backoff", defaults.Backoff, TimeSpan.Zero, TimeSpan.FromMinutes(1)),
            BreakerFailuresMax = settings.Integer("BreakerFailuresMax", defaults.BreakerFailuresMax, 1, 1_000_000),
            BreakerOpenFor = settings.Duration("BreakerOpenFor", defaults.BreakerOpenFor, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            PauseDefault = settings.Duration("PauseDefault", defaults.PauseDefault, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            PauseMax = settings.Duration("PauseMax", defaults.PauseMax, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
        };
        settings.RejectUnknown();
        return calls;
    }

    private static OriginOutboxOptions ReadOutbox(SettingsReader settings, OriginOutboxOptions defaults)
    {
        var outbox = new OriginOutboxOptions
        {
            EntriesMax = settings.Integer("EntriesMax", defaults.EntriesMax, 1, 10_000_000),
            AgeMax = settings.Duration("AgeMax", defaults.AgeMax, TimeSpan.FromSeconds(1), DurationMax),
            AttemptsMax = settings.Integer("AttemptsMax", defaults.AttemptsMax, 1, 1_000_000),
        };
        settings.RejectUnknown();
        return outbox;
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
        if (origin.Http is not null && origin.Sql is not null)
            settings.Reject("Sql", "left out, because there is Http: an origin is a service or a database", "both");
    }

    private static bool Overlap(string one, string other) => one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);

    /// <summary>A text as a problem shows it.</summary>
    public static string Given(string text) => text.Length == 0 ? "nothing" : text;
}
