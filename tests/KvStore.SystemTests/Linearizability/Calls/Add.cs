using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>An addition to a counter: an entry whose value is a number of 64 bits as decimal text. Without an entry it is 0.</summary>
internal sealed record Add(int Key, long By) : KeyCall(Key)
{
    public override bool IsRead => false;

    protected override Register? Carry(Register entry, Answer? answer)
    {
        var sum = Sum(entry);
        return answer switch
        {
            null => sum is null ? null : new Register(sum, null),
            { Status: 200 } => sum is not null && sum == answer.Value && !(entry.Revision >= answer.Revision) ? new Register(sum, answer.Revision) : null,
            { Status: 409 } => sum is null ? entry : null,
            _ => null,
        };
    }

    public override string ToString() => $"ADD {Name} by {By}";

    /// <summary>Null if the entry is no number, or if the sum has too many bits.</summary>
    private string? Sum(Register entry)
    {
        if (!long.TryParse(entry.Value ?? "0", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return null;
        var sum = (Int128)number + By;
        return sum == (long)sum ? sum.ToString(CultureInfo.InvariantCulture) : null;
    }
}
