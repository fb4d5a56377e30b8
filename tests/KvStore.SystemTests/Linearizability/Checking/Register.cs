namespace KvStore.SystemTests;

/// <summary>What a key has in the model: an entry, or nothing (the default).</summary>
/// <param name="Value">The entry's value; null if there is no entry.</param>
/// <param name="Revision">The entry's revision; null while it is unknown, because the outcome of the write is unknown.</param>
internal readonly record struct Register(string? Value, long? Revision)
{
    public bool IsAbsent => Value is null;

    /// <summary>The same, with the entry's revision from a later answer. Null if the entry cannot have that revision.</summary>
    public Register? SeenAt(long revision) =>
        !IsAbsent && (Revision ?? revision) == revision ? this with { Revision = revision } : null;

    /// <summary>The same, after an answer has shown it whole. Null if it cannot have looked like that.</summary>
    public Register? SeenAs(Register seen) => (IsAbsent, seen.IsAbsent) switch
    {
        (true, true) => this,
        (false, false) when Value == seen.Value && seen.Revision is { } revision => SeenAt(revision),
        _ => null,
    };

    public override string ToString() => IsAbsent ? "nothing" : $"{Value} at {Revision?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?"}";
}
