using KvStore.Crdt;
using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>The body of a change by intent: what to add to a number, to add to a set and remove from it, or to edit in a text.</summary>
internal ref struct IntentBody
{
    /// <summary>Elements or edits of one request. One more gets 400.</summary>
    public const int ItemsMax = 10_000;

    private const string Known = "increment, add, remove, context, edits, base";
    private const string Example = "a JSON object such as {\"increment\": 1}, {\"add\": [\"a\"], \"remove\": [\"b\"]} or {\"edits\": [{\"at\": 0, \"insert\": \"a\"}]}";

    // A bit for each member that has been seen.
    private const int IncrementBit = 1;
    private const int AddBit = 2;
    private const int RemoveBit = 4;
    private const int ContextBit = 8;
    private const int EditsBit = 16;
    private const int BaseBit = 32;

    private int _seen;
    private int _items;
    private long _increment;
    private readonly List<string> _add = [];
    private readonly List<string> _remove = [];
    private readonly List<MergeEdit> _edits = [];
    private VersionVector? _version;

    public IntentBody()
    {
    }

    public static Problem? TryParse(ReadOnlySpan<byte> bytes, out MergeChange? change)
    {
        change = null;
        if (TextInput.TryOpen(bytes, Example, out var utf8) is { } problem)
            return problem;
        var body = new IntentBody();
        try
        {
            return body.TryRead(utf8) ?? body.TryMake(out change);
        }
        catch (JsonException)
        {
            return JsonText.NotJson(utf8);
        }
    }

    private Problem? TryRead(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, JsonText.ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest($"Send {Example}.", "body");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (TryReadMember(ref reader) is { } problem)
                return problem;
        }

        // Throws if anything follows the object.
        reader.Read();
        return null;
    }

    private Problem? TryReadMember(ref Utf8JsonReader reader)
    {
        if (JsonText.IsOn(ref reader, "increment"u8))
            return JsonText.Once(ref _seen, IncrementBit, "increment") ?? JsonText.TryGetNumber(ref reader, "increment", long.MinValue, long.MaxValue, out _increment);
        if (JsonText.IsOn(ref reader, "add"u8))
            return JsonText.Once(ref _seen, AddBit, "add") ?? TryReadElements(ref reader, "add", _add);
        if (JsonText.IsOn(ref reader, "remove"u8))
            return JsonText.Once(ref _seen, RemoveBit, "remove") ?? TryReadElements(ref reader, "remove", _remove);
        if (JsonText.IsOn(ref reader, "context"u8))
            return JsonText.Once(ref _seen, ContextBit, "context") ?? VersionText.TryGet(ref reader, "context", out _version);
        if (JsonText.IsOn(ref reader, "edits"u8))
            return JsonText.Once(ref _seen, EditsBit, "edits") ?? TryReadEdits(ref reader);
        if (JsonText.IsOn(ref reader, "base"u8))
            return JsonText.Once(ref _seen, BaseBit, "base") ?? VersionText.TryGet(ref reader, "base", out _version);
        return JsonText.Unknown(ref reader, Known);
    }

    // One kind of change, because a value has one type.
    private readonly Problem? TryMake(out MergeChange? change)
    {
        change = null;
        if (_seen == IncrementBit)
            change = new MergeChange.Increment(_increment);
        else if ((_seen & (AddBit | RemoveBit)) != 0 && (_seen & ~(AddBit | RemoveBit | ContextBit)) == 0)
            change = new MergeChange.Elements(_add, _remove, _version);
        else if ((_seen & EditsBit) != 0 && (_seen & ~(EditsBit | BaseBit)) == 0)
            change = new MergeChange.Edits(_edits, _version);
        return change is null
            ? Problems.MalformedRequest("Give one kind of change: increment; or add, remove or both, and context if removals have seen an older version; or edits, and base if their positions are of one.", "body")
            : null;
    }

    private Problem? TryReadElements(ref Utf8JsonReader reader, string name, List<string> elements)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Problems.MalformedRequest("Give an array of strings.", name);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (++_items > ItemsMax)
                return TooMany(name);
            if (JsonString.TryGet(ref reader, $"{name}[{elements.Count}]", out var text) is { } problem)
                return problem;
            elements.Add(Encoding.UTF8.GetString(text.Utf8));
        }

        return null;
    }

    private Problem? TryReadEdits(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Problems.MalformedRequest("Give an array of edits.", "edits");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (++_items > ItemsMax)
                return TooMany("edits");
            if (TryReadEdit(ref reader, out var edit) is { } problem)
                return JsonText.Below($"edits[{_edits.Count}]", problem);
            _edits.Add(edit);
        }

        return null;
    }

    private static Problem? TryReadEdit(ref Utf8JsonReader reader, out MergeEdit edit)
    {
        const string Shape = "Give an object such as {\"at\": 5, \"insert\": \"a\"} or {\"at\": 5, \"delete\": 2}.";
        edit = default;
        var (seen, at, deleted) = (0, 0L, 0L);
        string? inserted = null;
        if (reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest(Shape);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, "at"u8) ? JsonText.Once(ref seen, 1, "at") ?? JsonText.TryGetNumber(ref reader, "at", 0, int.MaxValue, out at)
                : JsonText.IsOn(ref reader, "insert"u8) ? JsonText.Once(ref seen, 2, "insert") ?? TryReadText(ref reader, out inserted)
                : JsonText.IsOn(ref reader, "delete"u8) ? JsonText.Once(ref seen, 4, "delete") ?? JsonText.TryGetNumber(ref reader, "delete", 0, int.MaxValue, out deleted)
                : JsonText.Unknown(ref reader, "at, insert, delete");
            if (problem is not null)
                return problem;
        }

        edit = new MergeEdit((int)at, inserted, (int)deleted);
        return (seen & 1) == 0 || seen == 1 ? Problems.MalformedRequest(Shape, (seen & 1) == 0 ? "at" : "insert") : null;
    }

    private static Problem? TryReadText(ref Utf8JsonReader reader, out string? text)
    {
        reader.Read();
        var problem = JsonString.TryGet(ref reader, "insert", out var utf8);
        text = problem is null ? Encoding.UTF8.GetString(utf8.Utf8) : null;
        return problem;
    }

    private static Problem TooMany(string name) => Problems.MalformedRequest($"Give at most {ItemsMax} elements or edits; send the others with another request.", name);
}
