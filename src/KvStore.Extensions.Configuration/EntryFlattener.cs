namespace KvStore.Extensions.Configuration;

/// <summary>Names and values of one entry. JSON has as many as it has values; any other text is one value.</summary>
internal static class EntryFlattener
{
    // JSON of configuration is as deep as its names are long; what is deeper than the parser allows is no configuration.
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The pairs of an entry.</summary>
    /// <param name="name">The key without the prefix; slashes separate sections.</param>
    /// <param name="entry">The entry with its value.</param>
    /// <exception cref="JsonException">The media type is JSON, and the value is not.</exception>
    public static IReadOnlyList<KeyValuePair<string, string?>> Flatten(string name, KvEntry entry)
    {
        var path = name.Trim('/').Replace("/", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        if (!IsJson(entry.ContentType))
            return path.Length == 0 ? [] : [new(path, entry.Text)];

        using var document = JsonDocument.Parse(entry.Value, Lenient);
        var pairs = new List<KeyValuePair<string, string?>>();
        Visit(path, document.RootElement, pairs);
        return pairs;
    }

    private static bool IsJson(string contentType)
    {
        var mediaType = contentType.Split(';')[0].Trim();
        return mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    // As the JSON files of .NET: members and positions are sections, null and empty containers are values without text.
    private static void Visit(string path, JsonElement element, List<KeyValuePair<string, string?>> pairs)
    {
        var before = pairs.Count;
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
                Visit(Combine(path, member.Name), member.Value, pairs);
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            var position = 0;
            foreach (var item in element.EnumerateArray())
                Visit(Combine(path, position++.ToString(System.Globalization.CultureInfo.InvariantCulture)), item, pairs);
        }
        else if (path.Length > 0)
        {
            pairs.Add(new(path, element.ValueKind == JsonValueKind.Null ? null : element.ToString()));
            return;
        }

        if (pairs.Count == before && path.Length > 0)
            pairs.Add(new(path, element.ValueKind == JsonValueKind.Array ? "" : null));
    }

    private static string Combine(string path, string name) => path.Length == 0 ? name : ConfigurationPath.Combine(path, name);
}
