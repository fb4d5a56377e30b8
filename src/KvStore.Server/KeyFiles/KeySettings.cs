namespace KvStore.Server;

/// <summary>Keys in the settings instead of a file of their own, with the same members: <c>KvStore:Keys:0:Name</c>. They are read once, at start.</summary>
internal static class KeySettings
{
    private static readonly string[] Members = ["Name", "Hash", "Rights", "Prefixes", "Expires", "Quotas"];

    /// <summary>Reads the section.</summary>
    /// <returns>Its keys; none if there are problems, which are added.</returns>
    public static IReadOnlyList<KeyEntry> Read(IConfigurationSection section, List<string> problems)
    {
        var models = new List<KeyModel>();
        foreach (var key in section.GetChildren())
        {
            problems.AddRange(key.GetChildren().Where(member => !Members.Contains(member.Key, StringComparer.OrdinalIgnoreCase))
                .Select(member => $"{member.Path} is not a setting. A key has {string.Join(", ", Members)}."));
            var model = new KeyModel
            {
                Name = key["Name"],
                Hash = key["Hash"],
                Rights = TextsOf(key.GetSection("Rights"), problems),
                Quotas = QuotasOf(key.GetSection("Quotas"), problems),
            };
            if (IsGiven(key, "Prefixes"))
                model.Prefixes = TextsOf(key.GetSection("Prefixes"), problems);
            if (IsGiven(key, "Expires"))
                model.Expires = key["Expires"];
            models.Add(model);
        }

        var keys = KeyFile.Check(section.Path, models, problems);
        return problems.Count == 0 ? keys : [];
    }

    // Also with nothing in it, which is not the same as absent: absent prefixes are for all keys.
    private static bool IsGiven(IConfigurationSection key, string member) => key.GetChildren().Any(given => given.Key.Equals(member, StringComparison.OrdinalIgnoreCase));

    // A list has an index for each: KvStore:Keys:0:Rights:0. One text with commas is shorter in an environment variable.
    private static string[] TextsOf(IConfigurationSection section, List<string> problems)
    {
        if (!section.GetChildren().Any())
            return section.Value?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        if (section.Value is { Length: > 0 })
            problems.Add($"{section.Path} is given as a text and as a list. Give one of them.");
        return [.. section.GetChildren().Select(child => child.Value ?? "")];
    }

    private static Quotas? QuotasOf(IConfigurationSection section, List<string> problems)
    {
        var quotas = Quotas.None;
        foreach (var member in section.GetChildren())
        {
            if (!int.TryParse(member.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                problems.Add($"{member.Path} must be a whole number. Given: {member.Value}.");
            else if (member.Key.Equals(nameof(Quotas.RequestsPerSecond), StringComparison.OrdinalIgnoreCase))
                quotas = quotas with { RequestsPerSecond = number };
            else if (member.Key.Equals(nameof(Quotas.BytesPerSecond), StringComparison.OrdinalIgnoreCase))
                quotas = quotas with { BytesPerSecond = number };
            else if (member.Key.Equals(nameof(Quotas.Watchers), StringComparison.OrdinalIgnoreCase))
                quotas = quotas with { Watchers = number };
            else if (member.Key.Equals(nameof(Quotas.Transfers), StringComparison.OrdinalIgnoreCase))
                quotas = quotas with { Transfers = number };
            else
                problems.Add($"{member.Path} is not a setting. Quotas have RequestsPerSecond, BytesPerSecond, Watchers, Transfers.");
        }

        return quotas;
    }
}
