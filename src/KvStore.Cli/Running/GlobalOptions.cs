using System.CommandLine.Parsing;

namespace KvStore.Cli;

/// <summary>The options that every command has.</summary>
internal static class GlobalOptions
{
    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan TimeoutMax = TimeSpan.FromHours(1);

    public static Option<string?> Url { get; } = new("--url", "-u") { Recursive = true, HelpName = "URL", Description = "The service to ask; otherwise a profile's, KVSTORE_URL, or http://localhost:8080" };

    public static Option<string?> Profile { get; } = new("--profile", "-p") { Recursive = true, HelpName = "NAME", Description = "Use this profile" };

    public static Option<string?> KeyFile { get; } = new("--key-file") { Recursive = true, HelpName = "FILE", Description = "A file with the key to send; otherwise the profile's, or KVSTORE_KEY" };

    public static Option<TimeSpan?> Timeout { get; } = NewDuration("--timeout", "The longest that a request may take, with its retries (15s); of transfers, the longest pause", TimeSpan.FromMilliseconds(1), TimeoutMax, recursive: true);

    public static Option<bool> Json { get; } = new("--json", "-j") { Recursive = true, Description = "Print JSON lines, which is what a pipe gets anyway" };

    public static Option<string?> Format { get; } = NewChoice("--output", "-o", "FORMAT", "text, as on a terminal, or json, as in a pipe", "text", "json");

    public static Option<string?> Colors { get; } = NewChoice("--color", null, "WHEN", "auto (on a terminal unless NO_COLOR is set), always or never", "auto", "always", "never");

    public static IEnumerable<Option> All => [Url, Profile, KeyFile, Timeout, Json, Format, Colors];

    /// <summary>An option that is a duration.</summary>
    public static Option<TimeSpan?> NewDuration(string name, string description, TimeSpan min, TimeSpan max, bool recursive = false) => new(name)
    {
        Recursive = recursive,
        HelpName = "DURATION",
        Description = description,
        CustomParser = result => Parse(result, name, min, max),
    };

    /// <summary>An option that is a whole number.</summary>
    public static Option<long?> NewNumber(string name, string description, long min, long max) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
                return number;
            result.AddError($"{name} must be a whole number from {Units.Count(min)} to {Units.Count(max)}. Given: {text}.");
            return null;
        },
    };

    private static TimeSpan? Parse(ArgumentResult result, string name, TimeSpan min, TimeSpan max)
    {
        var text = result.Tokens[0].Value;
        if (!Units.TryParseDuration(text, out var duration))
            result.AddError($"{name} must be a duration: {Units.DurationForms}. Given: {text}.");
        else if (duration < min || duration > max)
            result.AddError($"{name} must be from {TextOf(min)} to {TextOf(max)}. Given: {text}.");
        else
            return duration;
        return null;

        static string TextOf(TimeSpan time) => time < TimeSpan.FromSeconds(1) ? $"{time.TotalMilliseconds:0}ms" : time.TotalDays >= 365 ? $"{(int)time.TotalDays}d" : Units.Duration(time);
    }

    private static Option<string?> NewChoice(string name, string? alias, string helpName, string description, params string[] choices)
    {
        var option = new Option<string?>(name, alias is null ? [] : [alias]) { Recursive = true, HelpName = helpName, Description = description };
        option.CompletionSources.Add(choices);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !choices.Contains(token.Value, StringComparer.Ordinal))
                result.AddError($"{name} must be {string.Join(", ", choices[..^1])} or {choices[^1]}. Given: {token.Value}.");
        });
        return option;
    }
}
