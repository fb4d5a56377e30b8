namespace KvStore.SystemTests;

/// <summary>What a few keys have, all at one moment. Immutable; equal by content, because equal states are searched once.</summary>
internal sealed class State : IEquatable<State>
{
    private readonly Register[] _registers;
    private readonly int _hash;

    private State(Register[] registers)
    {
        _registers = registers;
        var hash = new HashCode();
        foreach (var register in registers)
            hash.Add(register);
        _hash = hash.ToHashCode();
    }

    public Register this[int key] => _registers[key];

    /// <summary>So many keys, none of which has an entry.</summary>
    public static State Empty(int keys) => new(new Register[keys]);

    public State With(int key, Register register)
    {
        if (_registers[key] == register)
            return this;
        var registers = (Register[])_registers.Clone();
        registers[key] = register;
        return new State(registers);
    }

    public bool Equals(State? other) => other is not null && _registers.AsSpan().SequenceEqual(other._registers);

    public override bool Equals(object? obj) => Equals(obj as State);

    public override int GetHashCode() => _hash;
}
