namespace KvStore.Server;

/// <summary>
/// Reads the settings of one section and collects every error instead of stopping at the first. It records every
/// setting that is read, so that any other setting in the section is reported as misspelt.
/// </summary>
internal sealed class SettingsReader(IConfigurationSection section, List<string> problems)
{
    private readonly List<Setting> _settings = [];
    private readonly List<(string Name, SettingsReader Reader)> _sections = [];

    public IReadOnlyList<Setting> Settings => _settings;

    /// <summary>The settings, and those of sections in it, with the names of the sections in front; sections themselves are none.</summary>
    public IEnumerable<Setting> All => _settings.Where(setting => !_sections.Exists(child => child.Name == setting.Name))
        .Concat(_sections.SelectMany(child => child.Reader.All.Select(setting => setting with { Name = $"{child.Name}:{setting.Name}" })));

    /// <summary>Every error, a sentence each.</summary>
    public List<string> Problems => problems;

    /// <summary>The names that are given in the section, whatever they are.</summary>
    public IEnumerable<string> Names => section.GetChildren().Select(child => child.Key);

    /// <summary>Whether a setting or a section is given.</summary>
    public bool Has(string name) => section.GetSection(name) is var child && (child.Value is not null || child.GetChildren().Any());

    public int Integer(string name, int fallback, int min, int max) => (int)Integer(name, (long)fallback, min, max);

    public long Integer(string name, long fallback, long min, long max)
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}");
        return Given(name, fallback.ToString(CultureInfo.InvariantCulture), allowed) is not { } text ? fallback
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value
            : Reject(name, allowed, text, fallback);
    }

    public double Number(string name, double fallback, double min, double max)
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}");
        return Given(name, fallback.ToString(CultureInfo.InvariantCulture), allowed) is not { } text ? fallback
            : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value
            : Reject(name, allowed, text, fallback);
    }

    public int Bytes(string name, int fallback, int min, int max) => (int)Bytes(name, (long)fallback, min, max);

    /// <summary>A size in bytes, as <see cref="ByteSize"/> reads it.</summary>
    public long Bytes(string name, long fallback, long min, long max)
    {
        var allowed = $"a size in bytes from {ByteSize.TextOf(min)} to {ByteSize.TextOf(max)}, such as {ByteSize.Forms}";
        return Given(name, ByteSize.TextOf(fallback), allowed) is not { } text ? fallback
            : ByteSize.TryParse(text, out var value) && value >= min && value <= max ? value
            : Reject(name, allowed, text, fallback);
    }

    /// <summary>A duration as <see cref="Server.Duration"/> reads it, or as hh:mm:ss. A plain number is rejected, because .NET would read it as days.</summary>
    public TimeSpan Duration(string name, TimeSpan fallback, TimeSpan min, TimeSpan max)
    {
        var allowed = $"a duration from {Server.Duration.TextOf(min)} to {Server.Duration.TextOf(max)}, such as 500ms, 30s, 1h30m or 00:00:30";
        return Given(name, Server.Duration.TextOf(fallback), allowed) is not { } text ? fallback
            : TryParse(text, out var value) && value >= min && value <= max ? value
            : Reject(name, allowed, text, fallback);

        static bool TryParse(string text, out TimeSpan value) => text.Contains(':', StringComparison.Ordinal)
            ? TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value)
            : Server.Duration.TryParse(text, out value);
    }

    public bool Switch(string name, bool fallback)
    {
        const string Allowed = "true or false";
        return Given(name, fallback ? "true" : "false", Allowed) is not { } text ? fallback
            : bool.TryParse(text, out var value) ? value
            : Reject(name, Allowed, text, fallback);
    }

    public string Text(string name, string fallback, string allowed) =>
        Given(name, fallback, allowed) is not { } text ? fallback
        : text.Length > 0 ? text
        : Reject(name, allowed, text, fallback);

    /// <summary>Texts: a list, or one text with semicolons between them.</summary>
    public string[] Texts(string name, string[] fallback, string allowed)
    {
        if (section.GetSection(name).GetChildren().ToArray() is not { Length: > 0 } children)
            return AddressSettings.List(Text(name, string.Join(';', fallback), allowed));
        _settings.Add(new Setting(name, string.Join(';', fallback), allowed));
        return [.. children.Select(child => child.Value?.Trim() ?? "")];
    }

    /// <summary>A text, or a list that another reader reads: then the fallback.</summary>
    public string TextOrList(string name, string fallback, string allowed)
    {
        if (!section.GetSection(name).GetChildren().Any())
            return Text(name, fallback, allowed);
        _settings.Add(new Setting(name, fallback, allowed));

        // An operator who changes one of them would believe it to be in force.
        if (section[name] is { } text && text.Trim() is { Length: > 0 } given && !given.Equals(fallback, StringComparison.OrdinalIgnoreCase))
            Reject(name, "a file or a list, not both", text);
        return fallback;
    }

    /// <summary>One of the choices; those of <paramref name="later"/> get an error that says that a later version has them.</summary>
    public string Choice(string name, string fallback, string[] choices, string[] later)
    {
        var allowed = choices.Length > 2 ? "one of " + string.Join(", ", choices) : string.Join(" or ", choices);
        if (Given(name, fallback, allowed) is not { } text)
            return fallback;
        if (Array.Find(choices, choice => choice.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } chosen)
            return chosen;
        return Reject(name, later.Contains(text, StringComparer.OrdinalIgnoreCase) ? $"{allowed}; this version does not have {text} yet" : allowed, text, fallback);
    }

    /// <summary>A section in this one. Its errors are recorded here.</summary>
    public SettingsReader Section(string name)
    {
        _settings.Add(new Setting(name, "", "a section"));
        var child = section.GetSection(name);
        if (!string.IsNullOrEmpty(child.Value))
            Reject(name, "a section", child.Value);
        var reader = new SettingsReader(child, problems);
        _sections.Add((name, reader));
        return reader;
    }

    public void Reject(string name, string allowed, object given) =>
        problems.Add(string.Create(CultureInfo.InvariantCulture, $"{section.Path}:{name} must be {allowed}. Given: {given}."));

    /// <summary>Records every setting in the section that was not read.</summary>
    public void RejectUnknown()
    {
        foreach (var child in section.GetChildren())
        {
            if (_settings.Exists(setting => setting.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)))
                continue;
            var nearest = _settings.MinBy(setting => Distance(setting.Name, child.Key));
            var hint = nearest is not null && Distance(nearest.Name, child.Key) <= 3 ? $" Is {section.Path}:{nearest.Name} meant?" : " See --help.";
            problems.Add($"{child.Path} is not a setting.{hint}");
        }
    }

    private string? Given(string name, string fallback, string allowed)
    {
        _settings.Add(new Setting(name, fallback, allowed));
        var child = section.GetSection(name);
        if (child.Value is null && child.GetChildren().Any())
            Reject(name, allowed, "several values");
        return child.Value?.Trim();
    }

    private T Reject<T>(string name, string allowed, string given, T fallback)
    {
        Reject(name, allowed, given.Length == 0 ? "nothing" : given);
        return fallback;
    }

    /// <summary>The edit distance of two names, without regard to case (Wagner and Fischer).</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var change = diagonal + (char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}

/// <summary>A setting as <c>--help</c> shows it: its name in the section, its default, and the accepted values.</summary>
internal sealed record Setting(string Name, string Default, string Allowed);
