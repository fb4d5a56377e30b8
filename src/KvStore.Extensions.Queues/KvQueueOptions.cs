namespace KvStore.Extensions.Queues;

/// <summary>How a queue uses the store. All clients of a queue need the same <see cref="Prefix"/>. Immutable.</summary>
public sealed record KvQueueOptions
{
    private readonly TimeSpan _leaseTime = TimeSpan.FromSeconds(30);
    private readonly TimeSpan _sweepInterval = TimeSpan.FromSeconds(2);
    private readonly int _claimWindow = 64;
    private readonly int _claimsMax = 5;

    /// <summary>What the keys of queues begin with. Default <c>queues/</c>.</summary>
    public string Prefix { get; init; } = "queues/";

    /// <summary>How long a job stays with a worker that renews its lease no more, because it was killed, is paused or is cut off. Whole seconds, rounded up. It is renewed after each third of this time. Default 30 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Shorter than a second.</exception>
    public TimeSpan LeaseTime { get => _leaseTime; init => _leaseTime = SecondAtLeast(value); }

    /// <summary>How often a job is claimed at most. Then it goes to the dead letters. Default 5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int ClaimsMax { get => _claimsMax; init => _claimsMax = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A job is claimed once at least."); }

    /// <summary>The delay after the first failure; it doubles with each further one. Default 5 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the delay grows to at most. Default 5 min.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How often the workers look for jobs whose lease or delay has ended. One of all workers does it. Whole seconds, rounded up. Default 2 s.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Shorter than a second.</exception>
    public TimeSpan SweepInterval { get => _sweepInterval; init => _sweepInterval = SecondAtLeast(value); }

    /// <summary>
    /// Among how many of the first ready jobs a worker chooses at random, 1 to 1,000. With 1 every worker tries to claim the same job, and all but one try in vain. Default 64, by <c>bench/extensions/run.sh queues</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 1 to 1,000.</exception>
    public int ClaimWindow { get => _claimWindow; init => _claimWindow = value is >= 1 and <= 1000 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A window is 1 to 1,000 jobs."); }

    /// <summary>What a lease says of its worker, for people who look at the store. Default: the machine and the process.</summary>
    public string Description { get; init; } = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}");

    internal TimeSpan DelayAfter(int claims)
    {
        var delay = RetryDelay * Math.Pow(2, Math.Min(claims - 1, 30));
        return delay < RetryDelayMax ? delay : RetryDelayMax;
    }

    private static TimeSpan SecondAtLeast(TimeSpan value) => value >= TimeSpan.FromSeconds(1) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "It is a second at least.");
}

/// <summary>How a job is enqueued. Immutable.</summary>
public sealed record KvEnqueueOptions
{
    /// <summary>
    /// The caller's own name of the job, 1 to 128 printable ASCII characters: a job that is enqueued again with the same name, payload and time is not enqueued twice within 24 hours and a million further writes. Unique among
    /// all writes to the store, such as <c>receipts/order-42</c>. Null: only the repetitions that the client makes by itself are recognized.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The job is not claimed before this time, by the clocks of the workers. Null: it is ready at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}
