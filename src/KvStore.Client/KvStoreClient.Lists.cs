using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    private const string ListPath = "/v1/kv";

    /// <summary>Lists the entries of one snapshot in the order of their keys' UTF-8 bytes. Pages are fetched on demand.</summary>
    /// <param name="prefix">The prefix of the keys; empty for every entry.</param>
    /// <param name="withValues">Whether the entries contain values.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="KvRevisionGoneException">The snapshot is no longer retained because the listing took too long. Begin again.</exception>
    public async IAsyncEnumerable<KvEntry> ListAsync(
        string prefix = "", bool withValues = false, KvReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? cursor = null;
        do
        {
            var page = await ReadPageAsync(prefix, withValues, cursor, options ?? Latest, cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Items)
                yield return item.ToEntry();
            cursor = page.Cursor;
        }
        while (cursor is not null);
    }

    /// <summary>Counts the entries whose keys start with a prefix.</summary>
    /// <param name="prefix">The prefix; empty for every entry.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<long> CountAsync(string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        var query = new QueryString(ListPath).Add("prefix", prefix).Add("count_only", "true");
        (options ?? Latest).AddTo(query);
        return (await ReadJsonAsync(query, Wire.Default.WireCount, cancellationToken).ConfigureAwait(false)).Count;
    }

    private Task<WirePage> ReadPageAsync(string prefix, bool withValues, string? cursor, KvReadOptions options, CancellationToken cancellationToken)
    {
        var query = new QueryString(ListPath).Add("prefix", prefix).Add("limit", 1000).Add("values", withValues ? "true" : null).Add("cursor", cursor);
        if (cursor is null)
            options.AddTo(query);
        return ReadJsonAsync(query, Wire.Default.WirePage, cancellationToken);
    }

    private async Task<T> ReadJsonAsync<T>(QueryString query, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await ReadAsync(query.ToString(), cancellationToken).ConfigureAwait(false);
        return await ReadJsonAsync(response, type, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<T> ReadJsonAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        // The path does not exist: another version of the service, or another service.
        if (!response.IsSuccessStatusCode)
            throw await KvStoreException.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken).ConfigureAwait(false)
            ?? throw new JsonException("The service answered null.");
    }
}
