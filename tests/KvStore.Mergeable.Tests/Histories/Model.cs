namespace KvStore.Mergeable.Tests;

/// <summary>
/// What must be in a value: of each token, or number, whether it was acknowledged, may be there because its outcome is unknown, or must not be. Tokens are
/// added once, so a value has each of them once at most.
/// </summary>
internal sealed class Model
{
    private readonly HashSet<int> _acknowledged = [];
    private readonly HashSet<int> _removed = [];
    private readonly HashSet<int> _unknown = [];

    /// <summary>The outcome of an addition: true or false if known.</summary>
    public void Added(int token, bool? isCommitted)
    {
        if (isCommitted == true)
            _acknowledged.Add(token);
        else if (isCommitted is null)
            _unknown.Add(token);
    }

    public void Removed(int token, bool? isCommitted)
    {
        if (isCommitted == true)
            _removed.Add(token);
        if (isCommitted is null && _acknowledged.Remove(token))
            _unknown.Add(token);
    }

    /// <summary>Whether an addition may still arrive.</summary>
    public void MayArrive(int token) => _unknown.Add(token);

    /// <summary>The value is gone.</summary>
    public void Clear()
    {
        _acknowledged.Clear();
        _removed.Clear();
        _unknown.Clear();
    }

    public void AssertTokens(IReadOnlyList<int> tokens)
    {
        Assert.Equal(tokens.Count, tokens.Distinct().Count());
        var present = tokens.ToHashSet();
        Assert.Empty(_acknowledged.Except(_removed).Except(present));
        Assert.Empty(present.Except(_acknowledged).Except(_unknown));
        Assert.Empty(present.Intersect(_removed));
    }

    public void AssertSum(Int128 sum) => Assert.InRange(sum, _acknowledged.Sum(), _acknowledged.Union(_unknown).Sum());
}
