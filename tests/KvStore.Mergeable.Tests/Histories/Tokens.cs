using System.Globalization;
using System.Text;

namespace KvStore.Mergeable.Tests;

/// <summary>Tokens in values of every type: an amount of a counter, an element of a set, a character of a text.</summary>
internal static class Tokens
{
    // No surrogates, and none that other tests would take for something else.
    private const int FirstCharacter = 0x1F000;

    public static MergeChange Add(CrdtType type, int token, int at) => type switch
    {
        CrdtType.GCounter or CrdtType.PNCounter => new MergeChange.Increment(token),
        CrdtType.GSet or CrdtType.ORSet => new MergeChange.Elements([Name(token)], [], null),
        _ => new MergeChange.Edits([new MergeEdit(at, Character(token), 0)], null),
    };

    public static bool TryAdd(CrdtReplica replica, int token, int at, out byte[] delta)
    {
        delta = [];
        return replica switch
        {
            CounterReplica counter => counter.Increment(token, out delta),
            SetReplica set => set.Change([Name(token)], [], null, out delta),
            TextReplica text => text.Edit([new TextEdit(Math.Min(at, text.Length), Character(token), 0)], null, out delta),
            _ => IntentOutcome.Unsupported,
        } == IntentOutcome.Applied;
    }

    public static bool TryRemove(CrdtReplica replica, int token, out byte[] delta)
    {
        delta = [];
        return replica switch
        {
            SetReplica { Type: CrdtType.ORSet } set => set.Change([], [Name(token)], null, out delta) == IntentOutcome.Applied,
            TextReplica text when Of(text).IndexOf(token) is >= 0 and var at => text.Edit([new TextEdit(at, null, 1)], null, out delta) == IntentOutcome.Applied,
            _ => false,
        };
    }

    /// <summary>The tokens of a set, or of a text in their order.</summary>
    public static List<int> Of(CrdtReplica replica) => replica switch
    {
        SetReplica set => [.. set.Elements.Select(element => int.Parse(element, CultureInfo.InvariantCulture))],
        TextReplica text => [.. text.GetText().EnumerateRunes().Select(rune => rune.Value - FirstCharacter)],
        _ => [],
    };

    public static string Name(int token) => token.ToString(CultureInfo.InvariantCulture);

    private static string Character(int token) => new Rune(FirstCharacter + token).ToString();
}
