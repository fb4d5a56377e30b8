using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>The header Idempotency-Key: a write that is sent again with the same key is answered as the first time, and not carried out again.</summary>
internal static class IdempotencyHeader
{
    /// <summary>The header by which a client says which requests are the same one, sent again.</summary>
    public const string KeyHeader = "Idempotency-Key";

    /// <summary>The header by which the service says that the answer is a remembered one.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    private const int KeyLengthMax = 128;

    // What a record has besides values that were read: a few dozen bytes for each operation.
    private const int RecordOverheadBytesMax = 4 * 1024;

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(c => (char)c)]);

    /// <summary>Reads the header.</summary>
    /// <param name="context">The request.</param>
    /// <param name="key">The client's key; null when it gave none.</param>
    public static Problem? TryGet(HttpContext context, out string? key)
    {
        key = null;
        var given = context.Request.Headers[KeyHeader];
        if (given.Count == 0)
            return null;
        key = given.Count == 1 ? given[0] : null;
        return key is { Length: >= 1 and <= KeyLengthMax } && !key.AsSpan().ContainsAnyExcept(KeyCharacters)
            ? null
            : Problems.MalformedRequest($"Give one key of 1 to {KeyLengthMax} printable ASCII characters, such as a UUID: a new one for each write, the same one when that write is sent again.", KeyHeader);
    }

    /// <summary>Refuses the header where no one answer stands for what was done, so that nobody counts on it.</summary>
    public static Problem? Refuse(HttpContext context) => context.Request.Headers.ContainsKey(KeyHeader)
        ? Problems.MalformedRequest("This request is stored in many commits, so there is no one outcome to remember. Leave the header away: the request can be sent again as it is, and stores the same entries once more.", KeyHeader)
        : null;

    /// <summary>Makes the request's transaction safe to submit again.</summary>
    /// <param name="context">The request.</param>
    /// <param name="options">How long a record is kept, and how large it may be.</param>
    /// <param name="key">The client's key (<see cref="TryGet"/>).</param>
    /// <param name="body">The request's body.</param>
    /// <returns>Null when the client gave no key.</returns>
    public static Idempotency? For(HttpContext context, KvStoreOptions options, string? key, ReadOnlySpan<byte> body) => key is null
        ? null
        : new Idempotency(Encoding.ASCII.GetBytes(key), FingerprintOf(context, body), options.IdempotencyLifetime, options.ValueBytesMax + RecordOverheadBytesMax);

    /// <summary>Marks an answer as that of an earlier request.</summary>
    public static void SetReplayed(HttpResponse response) => response.Headers[ReplayedHeader] = "true";

    // All that the outcome depends on, apart from the state of the store.
    private static byte[] FingerprintOf(HttpContext context, ReadOnlySpan<byte> body)
    {
        var request = context.Request;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, request.Method);
        Append(hash, RequestTarget.PathOf(context));
        Append(hash, request.QueryString.Value);
        Append(hash, request.Headers[HeaderNames.ContentType].ToString());
        Append(hash, request.Headers[HeaderNames.IfMatch].ToString());
        Append(hash, request.Headers[HeaderNames.IfNoneMatch].ToString());
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    // A zero ends each part, because no part of a request's head can have one: so no two requests are one text.
    private static void Append(IncrementalHash hash, ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        hash.AppendData(bytes);
    }
}
