using System.Text;

namespace KvStore.Testing;

/// <summary>Short ways to make what most tests need.</summary>
internal static class Some
{
    public static KeyRange Everything => default;

    public static Key Key(string text) => KvStore.Key.Parse(text);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(this Entry? entry) => entry?.Text() ?? "(absent)";

    public static string Text(this Entry entry) => Encoding.UTF8.GetString(entry.Value.Span);

    public static string Text(this Snapshot snapshot, string key) => snapshot.Find(Key(key)).Text();

    public static Put Put(string key, string value = "value", DateTimeOffset? expiresAt = null, string contentType = "text/plain") =>
        new(Key(key), Bytes(value), contentType, expiresAt);

    public static Delete Delete(string key) => new(Key(key));

    public static Transaction Transaction(params Operation[] operations) => new([], [.. operations]);

    public static Transaction Transaction(Guard guard, params Operation[] operations) => new([guard], [.. operations]);

    public static Transaction Transaction(Guard[] guards, params Operation[] operations) => new([.. guards], [.. operations]);
}
