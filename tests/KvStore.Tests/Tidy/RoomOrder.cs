using System.Text.RegularExpressions;

namespace KvStore.Tests;

/// <summary>
/// The order of a project's rooms, from lowest to highest. A room is a folder below the project, or a file at its root that
/// the order names; every other file at the root is above all rooms.
/// </summary>
internal sealed partial class RoomOrder
{
    public const string Document = "docs/architecture.md";

    private const string Top = "(root)";

    private readonly Dictionary<string, int> _levels = [];

    /// <param name="text">Levels with <c>&lt;</c> between them; rooms of one level, which do not know each other, with commas.</param>
    public RoomOrder(string text)
    {
        var levels = text.Split('<');
        for (var level = 0; level < levels.Length; level++)
        {
            foreach (var room in levels[level].Split(',', StringSplitOptions.TrimEntries))
                _levels.Add(room, level);
        }

        _levels.Add(Top, levels.Length);
    }

    public IEnumerable<string> Rooms => _levels.Keys.Where(room => room != Top);

    /// <summary>Reads the lines <c>PROJECT: ROOM &lt; ROOM, ROOM</c> of the document.</summary>
    public static Dictionary<string, RoomOrder> ReadAll() => Line().Matches(SourceTree.Read(Document))
        .ToDictionary(line => line.Groups["project"].Value, line => new RoomOrder(line.Groups["order"].Value));

    /// <summary>The room of a file.</summary>
    /// <param name="file">The file's path below the project.</param>
    public string RoomOf(string file) =>
        file.Split('/') is [var folder, _, ..] ? folder : _levels.ContainsKey(Path.GetFileNameWithoutExtension(file)) ? Path.GetFileNameWithoutExtension(file) : Top;

    /// <summary>Whether code in one room may refer to code in another.</summary>
    public bool Allows(string from, string to) => from == to || _levels[to] < _levels[from];

    [GeneratedRegex(@"^(?<project>KvStore[\w.]*): (?<order>\w+( ?[<,] ?\w+)+)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
