namespace KvStore.Fuzz;

/// <summary>Values that the service has acknowledged, below a prefix that no mutation makes. Thread-safe.</summary>
internal sealed class Acknowledged
{
    /// <summary>How many cases ago the other value was written that a case reads back.</summary>
    public const int Age = 5000;

    // Far more than there are cases between a write and its last check, so that a slot has one writer at a time.
    private const int Slots = 1 << 16;

    private readonly string?[] _values = new string?[Slots];

    public static int SlotOf(long number) => (int)(((number % Slots) + Slots) % Slots);

    public static string KeyOf(int slot) => $"%E2%98%82/{slot}";

    public void Set(int slot, string? value) => Volatile.Write(ref _values[slot], value);

    public string? Get(int slot) => Volatile.Read(ref _values[slot]);
}
