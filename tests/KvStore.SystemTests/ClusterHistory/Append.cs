namespace KvStore.SystemTests;

/// <summary>
/// An append under a generated key. The key is not known before, so that the model of a few keys cannot have it: what was appended is compared with a listing at the end instead.
/// </summary>
/// <param name="Value">A value that is appended once.</param>
internal sealed record Append(string Value) : Call
{
    public override IEnumerable<int> Keys => [];

    public override bool IsRead => false;

    public override State? Carry(State state, Answer? answer) => throw new NotSupportedException("An append has no key.");

    public override string ToString() => $"APPEND {Value}";
}
