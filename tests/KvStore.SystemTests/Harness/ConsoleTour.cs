using System.Text;

namespace KvStore.SystemTests;

/// <summary>A command of a document and what the document says that it answers.</summary>
internal sealed record TourStep(int Line, string Command, string Answer);

/// <summary>Finds the commands and answers in the <c>console</c> blocks of a Markdown text.</summary>
internal static class ConsoleTour
{
    private const string Prompt = "$ ";

    public static IReadOnlyList<TourStep> Parse(string markdown)
    {
        var steps = new List<TourStep>();
        var lines = markdown.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] != "```console")
                continue;
            for (i++; lines[i] != "```";)
                steps.Add(ParseStep(lines, ref i));
        }

        return steps;
    }

    private static TourStep ParseStep(string[] lines, ref int i)
    {
        var first = i + 1;
        if (!lines[i].StartsWith(Prompt, StringComparison.Ordinal))
            throw new FormatException($"Line {first}: a console block begins with a command: {lines[i]}");

        var command = new StringBuilder(lines[i++][Prompt.Length..]);
        while (GoesOn(command.ToString()))
            command.Append('\n').Append(lines[i++]);

        var answer = new List<string>();
        while (lines[i] != "```" && !lines[i].StartsWith(Prompt, StringComparison.Ordinal))
            answer.Add(lines[i++]);
        return new TourStep(first, command.ToString(), string.Join('\n', answer));
    }

    /// <summary>Whether the shell would read another line: after a backslash, or within quotes.</summary>
    private static bool GoesOn(string command)
    {
        var quote = '\0';
        for (var i = 0; i < command.Length; i++)
        {
            var c = command[i];
            if (c == '\\' && quote != '\'')
            {
                if (i + 1 >= command.Length)
                    return true;
                i++;
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                quote = c;
            }
            else if (c == quote)
            {
                quote = '\0';
            }
        }

        return quote != '\0';
    }
}
