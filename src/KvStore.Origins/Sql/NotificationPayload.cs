using System.Text;
using System.Text.Json;

namespace KvStore.Origins;

/// <summary>
/// What a notification of a database says has changed: a key after the prefix of the origin as it is, <c>["key", ...]</c>, or <c>{"prefix":"..."}</c>. What says nothing else, or cannot be read, says that everything has.
/// </summary>
/// <param name="Keys">Keys that have changed.</param>
/// <param name="Prefix">What the keys start with that have; null if it is about single keys.</param>
internal sealed record NotificationPayload(IReadOnlyList<Key> Keys, ReadOnlyMemory<byte>? Prefix)
{
    /// <summary>Reads a payload.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="origin">The prefix of the origin.</param>
    /// <param name="keyBytesMax">The longest key. There is nothing under a longer one.</param>
    public static NotificationPayload Parse(string payload, string origin, int keyBytesMax)
    {
        var everything = new NotificationPayload([], Encoding.UTF8.GetBytes(origin));
        if (payload.Length == 0)
            return everything;
        if (payload[0] is not ('[' or '{'))
            return OfKeys([payload]);
        try
        {
            using var document = JsonDocument.Parse(payload);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array)
                return root.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) ? OfKeys(root.EnumerateArray().Select(item => item.GetString()!)) : everything;
            return root.TryGetProperty("prefix", out var prefix) && prefix.ValueKind == JsonValueKind.String && Encoding.UTF8.GetBytes(origin + prefix.GetString()) is var bytes && bytes.Length <= keyBytesMax
                ? new NotificationPayload([], bytes)
                : everything;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair is the latter.
            return everything;
        }

        NotificationPayload OfKeys(IEnumerable<string> names)
        {
            var keys = new List<Key>();
            foreach (var name in names)
            {
                if (Key.TryCreate(Encoding.UTF8.GetBytes(origin + name), keyBytesMax, out var key) == KeyProblem.None)
                    keys.Add(key);
            }

            return new NotificationPayload(keys, null);
        }
    }
}
