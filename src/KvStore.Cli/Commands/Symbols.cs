namespace KvStore.Cli;

/// <summary>Arguments that several commands have. Completion knows keys and prefixes by their names.</summary>
internal static class Symbols
{
    public const string KeyName = "KEY";
    public const string PrefixName = "PREFIX";
    public const string ProfileName = "NAME";

    public static Argument<string> NewKey(string description = "The key") => new(KeyName) { Description = description };

    public static Argument<string> NewPrefix(string description) => new(PrefixName) { Description = description, Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "" };

    public static Option<string?> NewType() => new("--type", "-t") { HelpName = "TYPE", Description = "The media type, or json, text or binary" };

    public static Option<long?> NewRevision() => GlobalOptions.NewNumber("--revision", "Read the state at this revision", 0, long.MaxValue);

    public static KvReadOptions ReadOptions(long? revision) =>
        new() { Revision = revision is { } number ? KvRevision.Parse(number.ToString(CultureInfo.InvariantCulture)) : null };

    public static string Named(string key) => Visible.Line(key);
}
