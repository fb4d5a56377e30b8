using System.CommandLine.Parsing;

namespace KvStore.Cli;

/// <summary>Says what is wrong with a command line, and what was probably meant.</summary>
internal static class CommandLineErrors
{
    /// <summary>The first error; null if there is none.</summary>
    public static string? Find(ParseResult line)
    {
        var command = line.CommandResult.Command;
        if (OptionAsValue(line) is { } taken)
            return $"{taken.Option.Name} needs a value: {taken.Option.Name} {taken.Option.HelpName}. It is followed by {Visible.Line(taken.Tokens[^1].Value)}.";
        if (MisspeltOption(line) is { } option)
            return $"{NameOf(line.CommandResult)} has no option {Visible.Line(option)}.{Suggest(option, OptionsOf(line.CommandResult))} If it is a value, put -- before it.";
        if (line.Errors.Count == 0)
            return null;
        if (command.Subcommands.Any(sub => !sub.Hidden))
        {
            var names = command.Subcommands.Where(sub => !sub.Hidden).SelectMany(sub => sub.Aliases.Prepend(sub.Name)).ToArray();
            return line.UnmatchedTokens.Count > 0
                ? $"{Visible.Line(line.UnmatchedTokens[0])} is not a command of {NameOf(line.CommandResult)}.{Suggest(line.UnmatchedTokens[0], names)} See: {NameOf(line.CommandResult)} --help"
                : $"{NameOf(line.CommandResult)} needs a command: {string.Join(", ", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name))}.";
        }

        if (line.UnmatchedTokens.Count > 0)
            return $"{NameOf(line.CommandResult)} does not take {Visible.Line(line.UnmatchedTokens[0])}: it has all its arguments already. Quote a value with spaces. See: {NameOf(line.CommandResult)} --help";
        return TextOf(line, line.Errors[0]);
    }

    private static string TextOf(ParseResult line, ParseError error) => error.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Argument: var argument, Parent: CommandResult } => $"{NameOf(line.CommandResult)} needs {argument.HelpName ?? argument.Name}. See: {NameOf(line.CommandResult)} --help",
        CommandResult when Missing(line) is { } argument => $"{NameOf(line.CommandResult)} needs {argument.HelpName ?? argument.Name}. See: {NameOf(line.CommandResult)} --help",
        OptionResult { Tokens.Count: 0, Option: { Required: true } required } result when result.IdentifierToken is null => $"{NameOf(line.CommandResult)} needs {required.Name} {required.HelpName}. See: {NameOf(line.CommandResult)} --help",
        OptionResult { Tokens.Count: 0, Option: var option } => $"{option.Name} needs a value: {option.Name} {option.HelpName}.",
        _ => error.Message,
    };

    private static Argument? Missing(ParseResult line) =>
        line.CommandResult.Command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > (line.GetResult(argument)?.Tokens.Count ?? 0));

    // What begins with a dash and is no option would become an argument: "kv put key --tll" would store "--tll". After -- anything is an argument, and so is a negative number.
    private static string? MisspeltOption(ParseResult line) => line.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
        .Where(token => token.Type == TokenType.Argument && token.Value.Length > 1 && token.Value[0] == '-' && !decimal.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        .FirstOrDefault(token => !IsValueOfOption(line, token))?.Value;

    private static bool IsValueOfOption(ParseResult line, Token token) => OptionsIn(line).Any(option => option.Tokens.Contains(token));

    // "kv delete --prefix= --yes", with a variable that is empty, must not mean the prefix "--yes".
    private static OptionResult? OptionAsValue(ParseResult line) => OptionsIn(line).FirstOrDefault(option => option.Tokens.Any(token => token.Value.StartsWith("--", StringComparison.Ordinal)));

    private static IEnumerable<OptionResult> OptionsIn(ParseResult line) => Ancestors(line.CommandResult).SelectMany(result => result.Children).OfType<OptionResult>();

    private static string Suggest(string word, IEnumerable<string> known) => Spelling.Suggest(word.Split('=')[0], known);

    private static IEnumerable<string> OptionsOf(CommandResult result) => Ancestors(result).SelectMany(command => command.Command.Options).Where(option => !option.Hidden).Select(option => option.Name).Distinct();

    private static IEnumerable<CommandResult> Ancestors(CommandResult? result)
    {
        for (; result is not null; result = result.Parent as CommandResult)
            yield return result;
    }

    private static string NameOf(CommandResult result) => result.Parent is CommandResult parent ? $"{NameOf(parent)} {result.Command.Name}" : "kv";
}
