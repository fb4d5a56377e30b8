using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace KvStore.Cli;

/// <summary>
/// What <c>consul kv export</c> writes: an array of objects with <c>key</c>, <c>flags</c> and <c>value</c> in base64. Flags, numbers that Consul does not interpret, are dropped. The array is
/// read element by element.
/// </summary>
internal static class ConsulFile
{
    public static async IAsyncEnumerable<ImportItem> ReadAsync(SourceStream source, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 0L;
        var entries = JsonSerializer.DeserializeAsyncEnumerable(source, ForeignJson.Default.ConsulEntry, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var _ = entries;
        while (await NextAsync(source, entries))
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"entry {++count}");
            yield return entries.Current is { Key.Length: > 0 } entry
                ? ImportItem.Of(place, entry.Key, entry.Value ?? [], options)
                : ImportItem.Failed(place, "It has no key.");
        }
    }

    private static async ValueTask<bool> NextAsync(SourceStream source, IAsyncEnumerator<ConsulEntry?> entries)
    {
        try
        {
            return await entries.MoveNextAsync();
        }
        catch (JsonException exception)
        {
            throw new KvFailure(ExitCode.Usage, $"{source.Name} is no export of Consul, an array of objects with key and value in base64: {exception.Message}", exception);
        }
    }
}

internal sealed record ConsulEntry(string? Key = null, byte[]? Value = null);

internal sealed record EtcdAnswer(EtcdEntry[]? Kvs = null, bool? More = null);

internal sealed record EtcdEntry(byte[]? Key = null, byte[]? Value = null, long? Lease = null);

/// <summary>The JSON of other stores' tools. They have more members, which are ignored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ConsulEntry))]
[JsonSerializable(typeof(EtcdAnswer))]
internal sealed partial class ForeignJson : JsonSerializerContext;
