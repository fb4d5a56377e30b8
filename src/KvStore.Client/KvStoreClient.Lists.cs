using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

public sealed partial class KvStoreClient
{
    private const string ListPath = "/v1/kv";

    /// <summary>Lists entries in the order of their keys' UTF-8 bytes, all from one snapshot, page by page as they are asked for.</summary>
    /// <param name="prefix">What their keys start with; empty for every entry.</param>
    /// <param name="withValues">Whether they come with their values.</param>
    /// <param name="options">Which state to read; null for the latest.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KvRevisionGoneException">The snapshot has been forgotten, because the list was read too slowly. Begin again.</exception>
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

    /// <summary>How many entries have keys that start with a prefix.</summary>
    /// <param name="prefix">The prefix; empty for every entry.</param>
    /// <param name="options">Which state to read; null for the latest.</param>
    /// <param name="cancellationToken">Gives up.</param>
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
        // Nothing is at this path: another version of the service, or not this service at all.
        if (!response.IsSuccessStatusCode)
            throw await KvStoreException.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken).ConfigureAwait(false)
            ?? throw new JsonException("The service answered null.");
    }
}
