using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>Texts of headers that many answers have in common, so that they are not formatted for each. Thread-safe; a race formats one once more.</summary>
/// <param name="format">Makes a text.</param>
/// <typeparam name="T">What a text says.</typeparam>
internal sealed class TextCache<T>(Func<T, string> format)
    where T : struct, IEquatable<T>
{
    // A power of two. One text takes the place of another, so this is all that is ever kept.
    private const int TextsMax = 1024;

    private readonly Text?[] _texts = new Text?[TextsMax];

    /// <summary>The text for a value.</summary>
    public StringValues Of(T value)
    {
        ref var place = ref _texts[value.GetHashCode() & (TextsMax - 1)];
        var text = Volatile.Read(ref place);
        if (text is null || !text.Value.Equals(value))
            Volatile.Write(ref place, text = new Text(value, format(value)));
        return text.Header;
    }

    private sealed class Text(T value, string text)
    {
        public T Value => value;

        public StringValues Header { get; } = text;
    }
}
