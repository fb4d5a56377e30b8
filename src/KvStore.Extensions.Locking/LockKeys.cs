namespace KvStore.Extensions.Locking;

/// <summary>
/// The two entries of a permit. The holder's exists while the permit is held, with the lease as its lifetime; a renewal changes its revision. The fence is written with each acquisition and by
/// nothing else, so its revision is the fencing token for as long as no other holder has followed.
/// </summary>
/// <param name="Holder">The key of the holder's entry.</param>
/// <param name="Fence">The key of the fence.</param>
internal readonly record struct LockKeys(string Holder, string Fence)
{
    public static LockKeys Of(string prefix, string name, int slot) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{HolderPrefix(prefix, name)}{slot}"), string.Create(CultureInfo.InvariantCulture, $"{prefix}fences/{Escape(name)}/{slot}"));

    public static string HolderPrefix(string prefix, string name) => $"{prefix}holders/{Escape(name)}/";

    /// <summary>The slot that a key of a holder is of; null if it is none of them.</summary>
    public static int? SlotOf(string holder, string holderPrefix) =>
        int.TryParse(holder.AsSpan(holderPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var slot) ? slot : null;

    // A slash in the name would make the permits of one lock look like those of another.
    private static string Escape(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Uri.EscapeDataString(name);
    }
}
