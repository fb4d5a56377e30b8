namespace KvStore.Cli;

/// <summary>The options of commands that write one entry.</summary>
internal static class Conditions
{
    private static readonly TimeSpan TimeToLiveMax = TimeSpan.FromDays(3650);

    /// <summary>The option that names the revision which the entry must have.</summary>
    public static Option<string?> NewIfMatch() => new("--if-match") { HelpName = "ETAG", Description = "Only if the entry has this ETag (its revision); * for any entry" };

    public static Option<TimeSpan?> NewTimeToLive() =>
        GlobalOptions.NewDuration("--ttl", "The entry expires after this time, such as 90, 1m30s or 7d", TimeSpan.FromSeconds(1), TimeToLiveMax);

    /// <summary>The options of a write for what was given.</summary>
    public static KvWriteOptions ToOptions(string? ifMatch, bool create = false, TimeSpan? timeToLive = null)
    {
        if (ifMatch is not null && create)
            throw new KvFailure(ExitCode.Usage, "Give --create or --if-match, not both: one wants no entry, the other wants one.");
        return new KvWriteOptions { IfRevision = ifMatch is null or "*" ? null : ParseRevision(ifMatch, "--if-match"), IfPresent = ifMatch == "*", IfAbsent = create, TimeToLive = timeToLive };
    }

    /// <summary>Reads a revision: a number, an ETag in quotes, or a position with the id of its store.</summary>
    public static KvRevision ParseRevision(string text, string option)
    {
        var bare = text.StartsWith('"') && text.EndsWith('"') && text.Length > 1 ? text[1..^1] : text;
        return KvRevision.TryParse(bare, out var revision)
            ? revision
            : throw new KvFailure(ExitCode.Usage, $"{option} must be a revision such as 42, an ETag such as \"42\", or a position such as 3f2a9c0d5e6b7a81.42. Given: {text}.");
    }
}
