using System.Globalization;

namespace KvStore.Server;

/// <summary>The query parameter ttl of a write: after how many seconds the entry is deleted, or that it is not.</summary>
internal readonly record struct TimeToLive
{
    /// <summary>The parameter's name.</summary>
    public const string Parameter = "ttl";

    /// <summary>Ten years.</summary>
    public const int SecondsMax = 10 * 365 * 24 * 60 * 60;

    private const string None = "none";

    /// <summary>The seconds; 0 when the entry is kept.</summary>
    public int Seconds { get; private init; }

    /// <summary>Whether the parameter was given.</summary>
    public bool IsGiven { get; private init; }

    /// <summary>Reads the parameter.</summary>
    public static Problem? TryGet(QueryParameters parameters, out TimeToLive ttl)
    {
        ttl = default;
        if (parameters.Text(Parameter) is not { } text)
            return null;
        var seconds = 0;
        if (text != None && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) || seconds is < 1 or > SecondsMax))
            return Problems.MalformedRequest($"Give a whole number of seconds from 1 to {SecondsMax}, or {None}.", Parameter);
        ttl = new TimeToLive { IsGiven = true, Seconds = seconds };
        return null;
    }

    /// <summary>When an entry that is written now is to be deleted, or null.</summary>
    public DateTimeOffset? ExpiresAt(TimeProvider time) => Seconds == 0 ? null : time.GetUtcNow().AddSeconds(Seconds);

    /// <summary>What a change that keeps the lifetime unless it is told otherwise does to it.</summary>
    public ExpiryUpdate Lifetime(TimeProvider time) => !IsGiven ? KvStore.ExpiryUpdate.Unchanged
        : ExpiresAt(time) is { } expiresAt ? KvStore.ExpiryUpdate.At(expiresAt) : KvStore.ExpiryUpdate.Never;
}
