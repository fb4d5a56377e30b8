using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace KvStore.Origins;

/// <summary>Finds the items of a batch in its answer, which is JSON. Immutable.</summary>
/// <param name="items">Where the list of items is: a JSON pointer (RFC 6901).</param>
/// <param name="itemKey">Where an item has its key, a string or a number: a JSON pointer.</param>
internal sealed class BatchItems(string items, string itemKey)
{
    private readonly string[] _items = Parse(items);
    private readonly string[] _itemKey = Parse(itemKey);

    /// <summary>Reads the items by their keys.</summary>
    /// <param name="json">The answer. The items are slices of it.</param>
    /// <param name="failure">Why they could not be read; null if they could.</param>
    public Dictionary<string, ReadOnlyMemory<byte>> TryRead(ReadOnlyMemory<byte> json, out LoadResult? failure)
    {
        var found = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        failure = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (Find(document.RootElement, _items) is not { ValueKind: JsonValueKind.Array } list)
            {
                failure = Wrong("The origin's answer has no list of items where the settings say.");
                return found;
            }

            // An item without a key is ignored; of several with one key the first counts.
            foreach (var item in list.EnumerateArray())
            {
                if (KeyOf(item) is { } key)
                    found.TryAdd(key, JsonMarshal.GetRawUtf8Value(item).ToArray());
            }
        }
        catch (JsonException)
        {
            failure = Wrong("The origin's answer is not JSON.");
        }

        return found;
    }

    private static LoadResult.Failed Wrong(string detail) => new(LoadFailure.BadAnswer, null, detail);

    private string? KeyOf(JsonElement item)
    {
        try
        {
            return Find(item, _itemKey) switch
            {
                { ValueKind: JsonValueKind.String } text => text.GetString(),
                { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is no text, and so no key.
            return null;
        }
    }

    private static JsonElement? Find(JsonElement element, string[] path)
    {
        foreach (var token in path)
        {
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(token, out var member))
                element = member;
            else if (element.ValueKind == JsonValueKind.Array && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < element.GetArrayLength())
                element = element[index];
            else
                return null;
        }

        return element;
    }

    private static string[] Parse(string pointer) =>
        [.. pointer.Split('/').Skip(1).Select(token => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
}
