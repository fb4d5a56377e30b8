namespace KvStore.Cli;

/// <summary><c>kv profile</c>: services under names.</summary>
internal static class ProfileCommand
{
    private const int NameLengthMax = 100;

    public static Command Create() => new("profile", "Remember services under names, with their keys") { CreateAdd(), CreateList(), CreateUse(), CreateRemove() };

    private static Command CreateAdd()
    {
        var name = new Argument<string>("NAME") { Description = "The name: letters, digits, - and _" };
        var url = new Argument<string>("URL") { Description = "The address, such as https://kv.example.com" };
        var ask = new Option<bool>("--ask-key") { Description = "Ask for its key, which does not appear on the screen" };
        var command = new Command("add", "Add or replace a profile. Its key comes from --key-file, from KVSTORE_KEY, or is asked for") { name, url, ask };
        command.Run(async (session, cancellationToken) =>
        {
            var (given, address) = (session.Arguments.GetRequiredValue(name), session.Arguments.GetRequiredValue(url));
            if (given.Length is 0 or > NameLengthMax || !given.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
                throw new KvFailure(ExitCode.Usage, $"{Visible.Line(given)} cannot be the name of a profile: use letters, digits, - and _.");
            Destination.ParseAddress(address, "the command line");
            var profiles = ProfileFile.Read();
            profiles.Profiles[given] = new Profile(address, await KeyOfAsync(session, ask, cancellationToken));
            ProfileFile.Write(profiles with { Current = profiles.Current ?? given });
            session.Say($"{given} is {address}{(profiles.Profiles[given].Key is null ? ", without a key" : ", with a key")}. {(profiles.Current is null || profiles.Current == given ? "It is in use." : $"Use it with: kv profile use {given}")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<string?> KeyOfAsync(Session session, Option<bool> ask, CancellationToken cancellationToken)
    {
        if (session.Arguments.GetValue(GlobalOptions.KeyFile) is { } file)
            return Destination.ReadKey(file);
        if (!session.Arguments.GetValue(ask))
            return Environment.GetEnvironmentVariable("KVSTORE_KEY") is { Length: > 0 } key ? Destination.CheckKey(key, "KVSTORE_KEY") : null;
        return Destination.CheckKey(await Screen.ReadSecretAsync(session.Error, "Key: ", cancellationToken), "what was entered");
    }

    private static Command CreateList()
    {
        var command = new Command("list", "Print the profiles, without their keys");
        command.Run((session, _) =>
        {
            var profiles = ProfileFile.Read();
            var table = new Table(session.Out, "", "NAME", "URL", "KEY");
            foreach (var (name, profile) in profiles.Profiles)
            {
                if (session.IsJson)
                    session.WriteJson(json => Write(json, name, profile, name == profiles.Current));
                else
                    table.Add(name == profiles.Current ? "*" : "", name, Visible.Line(profile.Url), profile.Key is null ? "none" : "yes");
            }

            if (!session.IsJson && profiles.Profiles.Count > 0)
                table.Print();
            if (profiles.Profiles.Count == 0)
                session.Say("There are no profiles yet. Add one with: kv profile add NAME URL");
            if (ProfileFile.IsOpenToOthers)
                session.Say($"Other users can read {ProfileFile.Location}, which has keys. Run: chmod 600 {Quoting.Quote(ProfileFile.Location)}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static void Write(Utf8JsonWriter json, string name, Profile profile, bool isCurrent)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString("url"u8, profile.Url);
        json.WriteBoolean("has_key"u8, profile.Key is not null);
        json.WriteBoolean("current"u8, isCurrent);
        json.WriteEndObject();
    }

    private static Command CreateUse()
    {
        var name = new Argument<string>(Symbols.ProfileName) { Description = "The name" };
        name.CompletionSources.Add(_ => Names());
        var command = new Command("use", "Use a profile from now on") { name };
        command.Run((session, _) =>
        {
            var (profiles, given) = Find(session.Arguments.GetRequiredValue(name));
            ProfileFile.Write(profiles with { Current = given });
            session.Say($"{given} is in use: {profiles.Profiles[given].Url}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command CreateRemove()
    {
        var name = new Argument<string>(Symbols.ProfileName) { Description = "The name" };
        name.CompletionSources.Add(_ => Names());
        var command = new Command("remove", "Remove a profile and its key") { name };
        command.Run((session, _) =>
        {
            var (profiles, given) = Find(session.Arguments.GetRequiredValue(name));
            profiles.Profiles.Remove(given);
            ProfileFile.Write(profiles with { Current = profiles.Current == given ? null : profiles.Current });
            session.Say($"{given} is removed.{(profiles.Current == given ? " No profile is in use now." : "")}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    /// <summary>The names of the profiles, for completion.</summary>
    public static IEnumerable<System.CommandLine.Completions.CompletionItem> Names()
    {
        try
        {
            return [.. ProfileFile.Read().Profiles.Keys.Select(name => new System.CommandLine.Completions.CompletionItem(name))];
        }
        catch (KvFailure)
        {
            return [];
        }
    }

    private static (ProfileSet Profiles, string Name) Find(string name)
    {
        var profiles = ProfileFile.Read();
        return profiles.Profiles.ContainsKey(name)
            ? (profiles, name)
            : throw new KvFailure(ExitCode.No, $"There is no profile {Visible.Line(name)}.{Spelling.Suggest(name, profiles.Profiles.Keys)}");
    }
}
