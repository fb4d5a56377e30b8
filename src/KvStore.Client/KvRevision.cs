using System.Diagnostics.CodeAnalysis;

namespace KvStore.Client;

/// <summary>
/// A revision of one store: the version of an entry, the moment of a write, the position of a watch. It carries the identity of the store
/// that assigned it, so the service rejects it with <see cref="KvRevisionGoneException"/> if the store has started over or is another one.
/// To persist it, use <see cref="ToString"/> and <see cref="Parse"/>.
/// </summary>
public readonly record struct KvRevision
{
    // 0: not known, because the service does not say it or because a bare number was parsed.
    private readonly ulong _store;

    internal KvRevision(ulong store, long number)
    {
        _store = store;
        Number = number;
    }

    /// <summary>The number, which increases with each commit of its store. Comparable only within one store.</summary>
    public long Number { get; }

    internal string? StoreId => _store == 0 ? null : _store.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => _store == 0 ? Number.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{_store:x16}.{Number}");

    /// <summary>Reads a persisted revision. A number alone is a revision of whatever store the service has: it is not checked.</summary>
    /// <param name="text">The text of <see cref="ToString"/>, or a number.</param>
    /// <exception cref="FormatException">It is neither.</exception>
    public static KvRevision Parse(string text) =>
        TryParse(text, out var revision) ? revision : throw new FormatException("This is not a revision of KvStore; one looks like 3f2a9c0d5e6b7a81.42.");

    /// <summary>Reads a persisted revision; see <see cref="Parse"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="revision">The revision; the default if the text is not one.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out KvRevision revision)
    {
        revision = default;
        var separator = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        var store = 0UL;
        if (text is null
            || (separator >= 0 && !TryParseStoreId(text.AsSpan(0, separator), out store))
            || !long.TryParse(text.AsSpan(separator + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || text[^1] == '\0')
        {
            return false;
        }

        revision = new KvRevision(store, number);
        return true;
    }

    internal static bool TryParseStoreId(ReadOnlySpan<char> text, out ulong store)
    {
        store = 0;
        // The parser ignores zeros (U+0000) after the digits.
        return text.Length == 16 && text[^1] != '\0' && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out store) && store != 0;
    }

    internal KvRevision WithNumber(long number) => new(_store, number);

    internal bool IsOfAnotherStoreThan(KvRevision other) => _store != 0 && other._store != 0 && _store != other._store;
}
