using System.Runtime.CompilerServices;

namespace KvStore.Cli;

/// <summary>
/// What <c>etcdctl get --prefix ... -w json</c> writes: one object, whose <c>kvs</c> have keys and values in base64. It is read as a whole. Leases are not in it with their time, so what
/// had one is stored without expiry.
/// </summary>
internal static class EtcdFile
{
    private const long BytesMax = 1 << 30;

    public static async IAsyncEnumerable<ImportItem> ReadAsync(SourceStream source, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (source.Total > BytesMax)
            throw new KvFailure(ExitCode.Usage, $"{source.Name} is one object of more than {Units.Bytes(BytesMax)}, which has to fit into memory. Have etcdctl write several files, by prefix.");
        var answer = await DeserializeAsync(source, cancellationToken);
        var count = 0L;
        foreach (var entry in answer.Kvs ?? [])
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"entry {++count}");
            yield return entry is not { Key.Length: > 0 } ? ImportItem.Failed(place, "It has no key.")
                : !EntryJson.IsText(entry.Key) ? ImportItem.Failed(place, "Its key is not UTF-8, which keys of KvStore are.")
                : ImportItem.Of(place, Encoding.UTF8.GetString(entry.Key), entry.Value ?? [], options);
        }

        if (answer.More == true)
            yield return ImportItem.Failed("the end", "etcdctl says that there are more entries: it was called with --limit.");
    }

    private static async Task<EtcdAnswer> DeserializeAsync(SourceStream source, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(source, ForeignJson.Default.EtcdAnswer, cancellationToken) ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw new KvFailure(ExitCode.Usage, $"{source.Name} is no output of etcdctl get -w json, an object with kvs: {exception.Message}", exception);
        }
    }
}
