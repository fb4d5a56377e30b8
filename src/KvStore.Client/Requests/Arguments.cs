using System.Runtime.CompilerServices;

namespace KvStore.Client;

/// <summary>
/// Checks of arguments that a request could not carry unchanged. .NET would replace them, and two keys would become one.
/// </summary>
internal static class Arguments
{
    private const int IdempotencyKeyLengthMax = 128;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Text(string text, [CallerArgumentExpression(nameof(text))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(text, name);
        _ = Encode(text, name, Utf8.GetByteCount);
        return text;
    }

    public static string Key(string key, [CallerArgumentExpression(nameof(key))] string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(key, name);
        return Text(key, name);
    }

    public static byte[] Encode(string text, [CallerArgumentExpression(nameof(text))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(text, name);
        return Encode(text, name, Utf8.GetBytes);
    }

    public static string ContentType(string contentType, [CallerArgumentExpression(nameof(contentType))] string? name = null) => Printable(contentType, int.MaxValue, name);

    public static string? IdempotencyKey(string? key, [CallerArgumentExpression(nameof(key))] string? name = null) =>
        key is null ? null : Printable(key, IdempotencyKeyLengthMax, name);

    private static T Encode<T>(string text, string? name, Func<string, T> encode)
    {
        try
        {
            return encode(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException($"The text has half of a surrogate pair at index {exception.Index}, which UTF-8 cannot encode.", name, exception);
        }
    }

    private static string Printable(string text, int lengthMax, string? name)
    {
        ArgumentException.ThrowIfNullOrEmpty(text, name);
        return text.Length <= lengthMax && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0
            ? text
            : throw new ArgumentException(lengthMax == int.MaxValue ? "Only printable ASCII characters are possible." : $"Only 1 to {lengthMax} printable ASCII characters are possible.", name);
    }
}
