namespace KvStore.Server;

/// <summary>
/// Reads the section <c>KvStore:Regions</c>, which has a section for each region, by its name. <see cref="RegionOptions"/> explains the settings and has their defaults.
/// The key is never part of a problem.
/// </summary>
internal static class RegionSettings
{
    public const string Section = "Regions";

    private const int NameLengthMax = 64;
    private const string NameForm = "a name of at most 64 letters, digits, - and _";
    private const string AddressForm = "an address of http or https, such as https://west.example.com";
    private const string KeyForm = "a key of the region, or none";
    private const string PrefixForm = "what keys start with, such as shared/";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    /// <summary>Every region, in the order of names. What is wrong is added to the problems of the reader.</summary>
    /// <param name="settings">The settings of the service.</param>
    /// <param name="keyBytesMax">The longest key.</param>
    public static IReadOnlyList<RegionOptions> Read(SettingsReader settings, int keyBytesMax)
    {
        var all = settings.Section(Section);
        var regions = new List<RegionOptions>();
        foreach (var name in all.Names.ToArray())
        {
            if (name.Length > NameLengthMax || name.AsSpan().ContainsAnyExcept(NameCharacters))
                all.Reject(name, NameForm, name);
            var section = all.Section(name);
            var region = ReadOne(section, name);
            section.RejectUnknown();
            Check(region, section, keyBytesMax);
            if (regions.Find(other => other.Address == region.Address) is { } same)
                section.Reject("Address", $"another address than that of {same.Name}", region.Address);
            regions.Add(region);
        }

        return regions;
    }

    /// <summary>Every setting of a region, with its default, as <c>--help</c> shows it.</summary>
    public static IEnumerable<Setting> Describe()
    {
        var reader = new SettingsReader(new ConfigurationRoot([]).GetSection("NAME"), []);
        ReadOne(reader, "NAME");
        return reader.All;
    }

    private static RegionOptions ReadOne(SettingsReader settings, string name)
    {
        var defaults = new RegionOptions { Name = name, Address = new Uri("http://localhost/"), Prefixes = [] };
        return new RegionOptions
        {
            Name = name,
            Address = ReadAddress(settings, defaults.Address),
            Key = ReadKey(settings),
            Prefixes = settings.Texts("Prefixes", [], PrefixForm),
            ExchangesMax = settings.Integer("ExchangesMax", defaults.ExchangesMax, 1, 256),
            KeysMax = settings.Integer("KeysMax", defaults.KeysMax, 1, 1_000_000),
            CallTimeout = settings.Duration("CallTimeout", defaults.CallTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            BackoffMax = settings.Duration("BackoffMax", defaults.BackoffMax, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
        };
    }

    private static Uri ReadAddress(SettingsReader settings, Uri fallback)
    {
        var text = settings.Text("Address", "", AddressForm);

        // With a slash at its end, because the last segment of a path without one would be replaced.
        if (Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address is { UserInfo: "", Query: "", Fragment: "" })
            return address;
        settings.Reject("Address", AddressForm, text.Contains('@', StringComparison.Ordinal) ? "what is not shown, because it can have a password" : OriginSettings.Given(text));
        return fallback;
    }

    // A file keeps the key out of the list of processes and of what shows an environment.
    private static string? ReadKey(SettingsReader settings)
    {
        var given = OptionalText(settings, "Key", KeyForm);
        if (OptionalText(settings, "KeyFile", "the path of a file, or none") is not { } file)
            return given;
        if (given is not null)
            settings.Reject("KeyFile", "none, because Key is given too", file);
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            settings.Reject("KeyFile", "a file that can be read", file);
            return given;
        }
    }

    private static void Check(RegionOptions region, SettingsReader settings, int keyBytesMax)
    {
        if (region.Prefixes.Count == 0)
            settings.Reject("Prefixes", PrefixForm + ", or an empty text for every key", "nothing");
        foreach (var (index, prefix) in region.Prefixes.Index())
        {
            if (prefix.Length > 0 && Key.Check(Encoding.UTF8.GetBytes(prefix), Math.Max(0, keyBytesMax - 1)) is not (KeyProblem.None or KeyProblem.DotSegment))
                settings.Reject("Prefixes", PrefixForm, OriginSettings.Given(prefix));
            if (region.Prefixes.Take(index).Any(other => prefix.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(prefix, StringComparison.Ordinal)))
                settings.Reject("Prefixes", "prefixes of which none is the start of another", OriginSettings.Given(prefix));
        }

        if (region.Key is { } key && (key.Length == 0 || key.AsSpan().ContainsAnyExceptInRange('!', '~')))
            settings.Reject("Key", KeyForm, "what is not shown, because it is secret");
    }

    private static string? OptionalText(SettingsReader settings, string name, string form) =>
        settings.Text(name, KvStoreOptions.None, form) is var text && text.Equals(KvStoreOptions.None, StringComparison.OrdinalIgnoreCase) ? null : text;
}
