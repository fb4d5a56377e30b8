using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>The header Idempotency-Key: a write that is repeated with the same key gets the first answer again and is not carried out again.</summary>
internal static class IdempotencyHeader
{
    public const string KeyHeader = HeaderRules.IdempotencyKey;

    /// <summary>The response header of a repeated answer.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    private const int KeyLengthMax = 128;

    // What a record has besides keys and values that were read: a header, and some bytes for each operation.
    private const int RecordHeaderBytesMax = 1024;
    private const int ResultBytesMax = 16;

    // Begins the name of a record that belongs to a principal.
    private const byte OwnedRecord = 1;

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(c => (char)c)]);

    /// <summary>Reads the header; the key is null if there is none.</summary>
    public static Problem? TryGet(HttpContext context, out string? key)
    {
        key = null;
        var given = context.Request.Headers[KeyHeader];
        if (given.Count == 0)
            return null;
        key = given.Count == 1 ? given[0] : null;
        return key is { Length: >= 1 and <= KeyLengthMax } && !key.AsSpan().ContainsAnyExcept(KeyCharacters)
            ? null
            : Problems.MalformedRequest($"Give one key of 1 to {KeyLengthMax} printable ASCII characters, such as a UUID: a new one for each write, the same one when that write is repeated.", KeyHeader);
    }

    /// <summary>Makes the request's transaction safe to repeat; null without a key (<see cref="TryGet"/>).</summary>
    public static Idempotency? For(HttpContext context, KvStoreOptions options, string? key, ReadOnlySpan<byte> body) => key is null
        ? null
        : new Idempotency(RecordNameOf(Access.Of(context), key), FingerprintOf(context, body), options.IdempotencyLifetime, RecordBytesMax(options));

    // A value of the largest size, read with its key by a transaction of any length, fits.
    private static int RecordBytesMax(KvStoreOptions options) =>
        options.ValueBytesMax + options.KeyBytesMax + RecordHeaderBytesMax + (options.TransactionOperationsMax * ResultBytesMax);

    public static void SetReplayed(HttpResponse response) => response.Headers[ReplayedHeader] = "true";

    // A record belongs to one principal: another one with the same key neither gets its answer nor learns that there is one. Hashed, because a name
    // and a key together may be longer than the name of a record, and after a byte that no key of a client has, so that it is no record of anyone's.
    private static byte[] RecordNameOf(Principal principal, string key) => ReferenceEquals(principal, Principal.Anyone)
        ? Encoding.ASCII.GetBytes(key)
        : [OwnedRecord, .. SHA256.HashData(Encoding.UTF8.GetBytes($"{principal.Name}\0{key}"))];

    // Everything on which the outcome depends, besides the state of the store.
    private static byte[] FingerprintOf(HttpContext context, ReadOnlySpan<byte> body)
    {
        var request = context.Request;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, request.Method);
        Append(hash, RequestTarget.PathOf(context));
        Append(hash, request.QueryString.Value);
        Append(hash, request.Headers[HeaderNames.ContentType].ToString());

        // The date stands in for If-Match, and counts only without it. No date looks like an ETag.
        Append(hash, (request.Headers.IfMatch.Count > 0 ? request.Headers.IfMatch : request.Headers.IfUnmodifiedSince).ToString());
        Append(hash, request.Headers[HeaderNames.IfNoneMatch].ToString());
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    // A zero, which no part of a request's head can contain, ends each part, so that different requests never hash the same text.
    private static void Append(IncrementalHash hash, ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        hash.AppendData(bytes);
    }
}
