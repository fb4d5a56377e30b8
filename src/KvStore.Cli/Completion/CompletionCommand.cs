using System.CommandLine.Parsing;

namespace KvStore.Cli;

/// <summary><c>kv completion</c> prints a script for a shell; <c>kv complete</c>, which that calls, prints what the last word of a command line may become.</summary>
internal static class CompletionCommand
{
    // A shell waits for it while a person types. A --timeout in the line that is completed overrides it.
    private static readonly TimeSpan KeysTimeout = TimeSpan.FromMilliseconds(700);

    private const int KeysMax = 200;

    public static Command Create()
    {
        var bash = new Command("bash", "Print the script for bash: source <(kv completion bash)");
        bash.Run((session, _) => Print(session, CompletionScripts.Bash));
        var zsh = new Command("zsh", "Print the script for zsh: source <(kv completion zsh)");
        zsh.Run((session, _) => Print(session, CompletionScripts.Zsh));
        return new Command("completion", "Print a script with which a shell completes commands, options, profiles and keys") { bash, zsh };
    }

    /// <summary>Makes the command that the scripts call.</summary>
    /// <param name="newRoot">Makes the whole command line.</param>
    public static Command CreateComplete(Func<RootCommand> newRoot)
    {
        var words = new Argument<string[]>("WORDS") { Arity = ArgumentArity.ZeroOrMore, Description = "The words up to the cursor, kv among them" };
        var command = new Command("complete", "Print what the last word may become") { words };
        command.Hidden = true;
        command.Run(async (session, cancellationToken) =>
        {
            string[] given = [.. session.Arguments.GetRequiredValue(words).Skip(1)];
            var last = given.Length > 0 ? given[^1] : "";
            var line = newRoot().Parse(given.Length > 0 ? given[..^1].Append(last).ToArray() : [""]);
            var found = (OptionBefore(line, given) is { } option ? option.CompletionSources.SelectMany(source => source(line.GetCompletionContext())) : line.GetCompletions()).Select(item => item.InsertText ?? item.Label).Where(text => IsWanted(text, last)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            if (OptionBefore(line, given) is null && IsAtKey(line, last))
                found = await KeysAsync(line, last, cancellationToken);
            foreach (var text in found)
                session.Out.Line(text);
            return ExitCode.Done;
        });
        return command;
    }

    private static Task<ExitCode> Print(Session session, string script)
    {
        session.Out.Write(script);
        return Task.FromResult(ExitCode.Done);
    }

    /// <summary>The option whose value the last word is; null if it is none.</summary>
    private static Option? OptionBefore(ParseResult line, string[] words)
    {
        for (var result = line.CommandResult; result is not null && words.Length > 1; result = result.Parent as CommandResult)
        {
            if (result.Command.Options.FirstOrDefault(option => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool) && (option.Name == words[^2] || option.Aliases.Contains(words[^2]))) is { } found)
                return found;
        }

        return null;
    }

    // Options are many: they are offered to a person who has begun one.
    private static bool IsWanted(string text, string last) => text.StartsWith(last, StringComparison.Ordinal) && text.StartsWith('-') == last.StartsWith('-') && text is not ("/?" or "/h");

    /// <summary>Whether the last word is the argument of a key or a prefix.</summary>
    private static bool IsAtKey(ParseResult line, string last)
    {
        if (last.StartsWith('-') || line.CommandResult.Command.Arguments.FirstOrDefault() is not { Name: Symbols.KeyName or Symbols.PrefixName } argument)
            return false;
        return line.GetResult(argument)?.Tokens is not { Count: > 0 } tokens || (tokens.Count == 1 && ReferenceEquals(tokens[0], line.CommandResult.Tokens[^1]) && tokens[0].Value == last);
    }

    private static async Task<List<string>> KeysAsync(ParseResult line, string last, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        try
        {
            var destination = Destination.Resolve(line.GetValue(GlobalOptions.Url), line.GetValue(GlobalOptions.Profile), line.GetValue(GlobalOptions.KeyFile));
            var timeout = line.GetValue(GlobalOptions.Timeout) ?? KeysTimeout;
            using var client = new KvStoreClient(destination.Address, new KvStoreClientOptions { ApiKey = destination.Key, Timeout = timeout, AttemptTimeout = timeout, RetriesMax = 0 });
            await foreach (var item in client.ListLevelAsync(last, cancellationToken: cancellationToken))
            {
                found.Add(item.Name);
                if (found.Count == KeysMax)
                    break;
            }
        }
        catch (Exception exception) when (exception is KvStoreException or KvFailure)
        {
            // A message would appear in the middle of what is being typed.
            return found;
        }

        return found;
    }
}
