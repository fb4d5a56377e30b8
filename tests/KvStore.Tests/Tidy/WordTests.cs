using System.Text.RegularExpressions;

namespace KvStore.Tests;

/// <summary>Words that no engineer of the field uses for what is meant; the vocabulary has one term for each idea.</summary>
public class WordTests
{
    private static readonly string[] Banned =
    [
        "whoever", "whom", "nobody", "somebody", "anybody", "told", "telling", "let go", "lets go", "go on", "goes on", "a look", "a turn",
        "remembered answer", "lost answer", "behind the last",
    ];

    private static readonly string[] Endings = [".cs", ".js", ".mjs", ".ts", ".tsx", ".html", ".css", ".md", ".csproj"];

    // Words of a name count as words; a phrase may go over the end of a line of a comment.
    [Fact]
    public void Sources_BannedWord_DoesNotOccur()
    {
        var banned = new Regex($@"\b({string.Join('|', Banned).Replace(" ", @"[\s/]+")})\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        SourceTree.AssertNone(
            from file in SourceTree.Files("src", "*")
            where Endings.Contains(Path.GetExtension(file))
            let text = Regex.Replace(SourceTree.Read(file), "(?<=[a-z])(?=[A-Z])", " ")
            from Match found in banned.Matches(text)
            select $"{file}:{text[..found.Index].Count(character => character == '\n') + 1}: {found.Value}");
    }
}
