using KvStore.Crdt;

namespace KvStore.Server;

/// <summary>Versions of mergeable values in requests and answers: what a client or the value includes.</summary>
internal static class VersionText
{
    /// <summary>The query parameter.</summary>
    public const string Since = "since";

    // Proxies cut off or refuse what is longer; the JSON of an answer has it always.
    private const int HeaderLengthMax = 4096;

    public static Problem? TryGet(QueryParameters parameters, out VersionVector? version)
    {
        version = null;
        return parameters.Text(Since) is { } text ? TryParse(text, Since, out version) : null;
    }

    /// <summary>Reads the member that the reader is on.</summary>
    public static Problem? TryGet(ref Utf8JsonReader reader, string name, out VersionVector? version)
    {
        version = null;
        reader.Read();
        return JsonString.TryGet(ref reader, name, out var text) ?? TryParse(Encoding.UTF8.GetString(text.Utf8), name, out version);
    }

    /// <summary>Sets the header, unless it would be too long.</summary>
    public static void SetHeader(HttpResponse response, string version)
    {
        if (version.Length <= HeaderLengthMax)
            response.Headers[ResponseHeaders.Version] = version;
    }

    private static Problem? TryParse(string text, string field, out VersionVector? version)
    {
        version = VersionVector.TryParse(text);
        return version is null ? Problems.MalformedRequest($"Give a version as {ResponseHeaders.Version} or the member version of an answer has it.", field) : null;
    }
}
