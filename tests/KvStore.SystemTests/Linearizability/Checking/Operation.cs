using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>A call, when it was made, and what came of it.</summary>
/// <param name="Client">Who made it.</param>
/// <param name="Call">What was asked for.</param>
/// <param name="InvokedAt">Before it was sent, on a monotonic clock in microseconds.</param>
/// <param name="ReturnedAt">After its answer had come; <see cref="Never"/> if that was lost.</param>
/// <param name="Answer">What was answered; null if that was lost: then it may have been carried out at any time since, or may never be.</param>
internal sealed record Operation(int Client, Call Call, long InvokedAt, long ReturnedAt, Answer? Answer)
{
    public const long Never = long.MaxValue;

    public bool IsLost => Answer is null;

    public Operation Lost() => this with { ReturnedAt = Never, Answer = null };

    public override string ToString()
    {
        var returned = IsLost ? "..." : ReturnedAt.ToString(CultureInfo.InvariantCulture);
        return $"{InvokedAt,9} - {returned,-9} client {Client,-2} {Call} -> {Answer?.ToString() ?? "lost"}";
    }
}
