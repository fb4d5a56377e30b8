namespace KvStore.Extensions.Locking;

/// <summary>How locks use the store. All clients of a lock need the same <see cref="Prefix"/>. Immutable.</summary>
public sealed record KvLockOptions
{
    private readonly TimeSpan _leaseTime = TimeSpan.FromSeconds(30);

    /// <summary>What the keys of locks begin with. Default <c>locks/</c>.</summary>
    public string Prefix { get; init; } = "locks/";

    /// <summary>
    /// How long a lock stays with a holder that renews it no more, because its process was killed, is paused or is cut off. Whole seconds, rounded up. It is renewed after each third of this time. Default 30 s.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Shorter than a second.</exception>
    public TimeSpan LeaseTime
    {
        get => _leaseTime;
        init => _leaseTime = value >= TimeSpan.FromSeconds(1) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A lease is a second at least.");
    }

    /// <summary>What <see cref="KvLocks.GetHoldersAsync"/> says of this holder. Default: the machine and the process.</summary>
    public string Description { get; init; } = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}");
}
