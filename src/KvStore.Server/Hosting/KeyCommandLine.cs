namespace KvStore.Server;

/// <summary>The command line of <c>keys</c>: the switches that its commands have.</summary>
internal sealed record KeyCommandLine
{
    public const string Usage = """
        KvStore.Server keys new --name NAME --rights RIGHT[,RIGHT...] [--prefix PREFIX]... [--expires 90d] --file FILE
        KvStore.Server keys list --file FILE
        KvStore.Server keys verify [KEY] --file FILE
        KvStore.Server keys remove --name NAME --file FILE

        new      adds a key to the file, which is made if it is absent, and prints the key, once: the file has only
                 its hash. The first line of standard output is the key alone
        list     prints the names, rights, prefixes and expiry of the keys
        verify   says which key of the file a key is. It is read from standard input unless it is given, which
                 other users of the machine may see
        remove   removes a key

          --name NAME           1 to 100 printable characters without spaces; each key has another
          --rights RIGHTS       some of read,write,delete,admin
          --prefix PREFIX       only keys of entries that begin with it; may be given several times
          --expires DURATION    after this it is not accepted: such as 90d or 12h; or a time such as
                                2027-01-31T12:00:00Z. Without it the key does not expire
          --file FILE           the key file, of the service's --keys

        A running service takes changes of its file within seconds. Run these commands as the user of the service,
        who must be able to read the file. Exit codes: 0 done, 1 no such key, 2 the command line or the file is not
        acceptable.

        """;

    private const string NameSwitch = "--name";
    private const string RightsSwitch = "--rights";
    private const string PrefixSwitch = "--prefix";
    private const string ExpiresSwitch = "--expires";
    private const string FileSwitch = "--file";

    private static readonly Dictionary<string, string[]> Switches = new(StringComparer.Ordinal)
    {
        ["new"] = [NameSwitch, RightsSwitch, PrefixSwitch, ExpiresSwitch, FileSwitch],
        ["list"] = [FileSwitch],
        ["verify"] = [FileSwitch],
        ["remove"] = [NameSwitch, FileSwitch],
    };

    public string Command { get; private init; } = "";

    public string Name { get; private init; } = "";

    public Rights Rights { get; private init; }

    public IReadOnlyList<string> Prefixes { get; private init; } = [];

    public DateTimeOffset? ExpiresAt { get; private init; }

    public string File { get; private init; } = "";

    /// <summary>The key to verify, if it is given.</summary>
    public string? Key { get; private init; }

    public bool IsHelp { get; private init; }

    public static KeyCommandLine Parse(IReadOnlyList<string> arguments, DateTimeOffset now, List<string> problems)
    {
        if (arguments.Count == 0 || arguments.Any(argument => argument is "--help" or "-h" or "-?" or "help"))
            return new KeyCommandLine { IsHelp = true };
        var line = new KeyCommandLine { Command = arguments[0] };
        if (!Switches.TryGetValue(line.Command, out var known))
        {
            problems.Add($"{line.Command} is not a command of keys; these are: {string.Join(", ", Switches.Keys)}.");
            return line;
        }

        var given = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 1; i < arguments.Count; i++)
        {
            var parts = arguments[i].Split('=', 2);
            if (!arguments[i].StartsWith('-') && line.Command == "verify")
                line = line.WithKey(arguments[i], problems);
            else if (!known.Contains(parts[0]))
                problems.Add($"{parts[0]} is not a switch of keys {line.Command}; these are: {string.Join(", ", known)}.");
            else if (parts.Length == 1 && i + 1 == arguments.Count)
                problems.Add($"{parts[0]} needs a value.");
            else if ((parts.Length == 2 ? parts[1] : arguments[++i]) is var value && (parts[0] == PrefixSwitch || given.Add(parts[0])))
                line = line.With(parts[0], value, now, problems);
            else
                problems.Add($"{parts[0]} is given twice; keys {line.Command} takes one.");
        }

        if (line.File.Length == 0)
            problems.Add($"Give the key file with {FileSwitch} FILE.");
        if (known.Contains(NameSwitch) && line.Name.Length == 0)
            problems.Add($"Give the name of the key with {NameSwitch} NAME.");
        if (known.Contains(RightsSwitch) && line.Rights == Rights.None)
            problems.Add($"Give the rights of the key with {RightsSwitch}, such as {RightsSwitch} read,write. There are {RightsText.All}.");
        return line;
    }

    // What is too much is not repeated: it may be a key.
    private KeyCommandLine WithKey(string key, List<string> problems)
    {
        if (Key is not null)
            problems.Add("keys verify takes one key.");
        return this with { Key = key };
    }

    private KeyCommandLine With(string name, string value, DateTimeOffset now, List<string> problems)
    {
        switch (name)
        {
            case NameSwitch when KeyFile.IsName(value):
                return this with { Name = value };
            case RightsSwitch when TryParse(value, out var rights):
                return this with { Rights = rights };
            case PrefixSwitch when KeyFile.IsPrefix(value):
                return this with { Prefixes = [.. Prefixes, value] };
            case ExpiresSwitch when Duration.TryParse(value, out var lifetime) && lifetime > TimeSpan.Zero && lifetime < DateTimeOffset.MaxValue - now:
                return this with { ExpiresAt = now + lifetime };
            case ExpiresSwitch when JsonTime.TryParse(Encoding.UTF8.GetBytes(value), out var time) is null && time > now:
                return this with { ExpiresAt = time };
            case FileSwitch when value.Length > 0:
                return this with { File = value };
        }

        problems.Add($"{name} must be {FormOf(name)}. Given: {(value.Length == 0 ? "nothing" : value)}.");

        // So that it does not count as missing, too.
        return this with { Name = name == NameSwitch ? "-" : Name, Rights = name == RightsSwitch ? Rights.Read : Rights, File = name == FileSwitch ? "-" : File };
    }

    private static bool TryParse(string text, out Rights rights)
    {
        rights = Rights.None;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!RightsText.TryParse(name, out var right))
                return false;
            rights |= right;
        }

        return true;
    }

    private static string FormOf(string name) => name switch
    {
        NameSwitch => KeyFile.NameForm,
        RightsSwitch => $"some of {RightsText.All}, separated by commas",
        PrefixSwitch => "at least one character, without control characters; without the switch, the key is for all keys",
        ExpiresSwitch => "a duration such as 90d or 12h, or a time to come such as 2027-01-31T12:00:00Z",
        _ => "the path of the key file",
    };
}
