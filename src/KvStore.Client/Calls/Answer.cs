using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>
/// A success that is proven to be the service's, because it names the store's revision. Proxies, login pages and other services at the
/// address answer with the same statuses.
/// </summary>
internal sealed class Answer(HttpResponseMessage response, KvRevision revision, byte[] body)
{
    public HttpStatusCode Status => response.StatusCode;

    /// <summary>The revision of the write, or of the state that was read.</summary>
    public KvRevision Revision => revision;

    /// <summary>The body; empty if the answer is a stream.</summary>
    public byte[] Body => body;

    /// <summary>The response, to read the stream from.</summary>
    public HttpResponseMessage Response => response;

    /// <summary>The revision of the one entry that the answer is about.</summary>
    public KvRevision EntryRevision => TryParseETag(response.Headers.ETag, out var number) ? revision.WithNumber(number) : throw new FormatException("It has no ETag of KvStore.");

    public string? Header(string name) => Header(response.Headers, name);

    public string? ContentHeader(string name) => Header(response.Content.Headers, name);

    public T Json<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(body, type) ?? throw new JsonException("It is null.");

    public static bool TryParseETag(EntityTagHeaderValue? etag, out long revision) =>
        long.TryParse(etag?.Tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out revision);

    /// <summary>The revision that a response names; null if it names none.</summary>
    public static KvRevision? RevisionOf(HttpResponseMessage response) =>
        long.TryParse(Header(response.Headers, "KvStore-Revision"), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new KvRevision(KvRevision.TryParseStoreId(Header(response.Headers, Call.StoreIdHeader), out var store) ? store : 0, number)
            : null;

    /// <summary>Whether the end of the body is distinguishable from a broken connection.</summary>
    public static bool HasKnownEnd(HttpResponseMessage response) => response.Version.Major >= 2 || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified
        || response.Headers.TransferEncodingChunked == true || response.Content.Headers.ContentLength is not null;

    private static string? Header(HttpHeaders headers, string name) => headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
