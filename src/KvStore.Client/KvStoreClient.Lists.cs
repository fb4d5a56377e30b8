using System.Runtime.CompilerServices;

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
        options ??= Latest;
        string? cursor = null;
        do
        {
            var query = new QueryString(ListPath).Add("prefix", prefix).Add("limit", 1000).Add("values", withValues ? "true" : null).Add("cursor", cursor);
            if (cursor is null)
                options.AddTo(query);
            var page = await ReadAsync(query.ToString(), options, PageOf, cancellationToken).ConfigureAwait(false);
            foreach (var entry in page.Entries)
                yield return entry;
            cursor = page.Cursor;
        }
        while (cursor is not null);

        static (KvEntry[] Entries, string? Cursor) PageOf(Answer answer)
        {
            var page = answer.Json(Wire.Default.WirePage);
            return ([.. page.Items.Select(item => item.ToEntry(answer.Revision))], page.Cursor);
        }
    }

    /// <summary>Counts the entries whose keys start with a prefix.</summary>
    /// <param name="prefix">The prefix; empty for every entry.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<long> CountAsync(string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= Latest;
        var query = new QueryString(ListPath).Add("prefix", prefix).Add("count_only", "true");
        options.AddTo(query);
        return await ReadAsync(query.ToString(), options, answer => answer.Json(Wire.Default.WireCount).Count, cancellationToken).ConfigureAwait(false);
    }
}
