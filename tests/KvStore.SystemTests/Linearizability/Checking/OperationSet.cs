using System.Numerics;

namespace KvStore.SystemTests;

/// <summary>Which of a row of operations: a bit for each. Immutable; equal by content.</summary>
internal sealed class OperationSet : IEquatable<OperationSet>
{
    private readonly ulong[] _words;

    public OperationSet(int capacity)
        : this(new ulong[(capacity + 63) / 64])
    {
    }

    private OperationSet(ulong[] words)
    {
        _words = words;
        foreach (var word in words)
            Count += BitOperations.PopCount(word);
    }

    public int Count { get; }

    public bool Contains(int index) => (_words[index >> 6] >> (index & 63) & 1) != 0;

    public OperationSet With(int index)
    {
        var words = (ulong[])_words.Clone();
        words[index >> 6] |= 1UL << (index & 63);
        return new OperationSet(words);
    }

    public bool IsSubsetOf(OperationSet other)
    {
        for (var i = 0; i < _words.Length; i++)
        {
            if ((_words[i] & ~other._words[i]) != 0)
                return false;
        }

        return true;
    }

    public bool Equals(OperationSet? other) => other is not null && _words.AsSpan().SequenceEqual(other._words);

    public override bool Equals(object? obj) => Equals(obj as OperationSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var word in _words)
            hash.Add(word);
        return hash.ToHashCode();
    }
}
