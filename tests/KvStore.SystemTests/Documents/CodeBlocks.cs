using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>The fenced code of a document of this repository.</summary>
internal static class CodeBlocks
{
    /// <summary>The only block of a language in a document, with the line breaks of a file.</summary>
    public static string Single(string document, string language)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, document)).ReplaceLineEndings("\n");
        return Assert.Single(Regex.Matches(text, $"^```{language}\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)).Groups[1].Value;
    }
}
