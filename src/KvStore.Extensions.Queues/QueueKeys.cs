namespace KvStore.Extensions.Queues;

/// <summary>
/// Where the jobs of a queue are. A job is one entry, which moves between four prefixes and keeps its value and media type, byte for byte:
/// <c>ready/</c>, <c>taken/</c>, <c>delayed/TIME/</c> and <c>dead/</c>. While it is taken, <c>leases/ID</c> exists, with the lease as its lifetime.
/// </summary>
internal sealed class QueueKeys(string prefix, string name)
{
    // A slash in the name would make the jobs of one queue look like those of another.
    private readonly string _root = $"{prefix}{Uri.EscapeDataString(name)}/";

    public string Ready => _root + "ready/";

    public string Taken => _root + "taken/";

    public string Leases => _root + "leases/";

    public string Delayed => _root + "delayed/";

    public string Dead => _root + "dead/";

    /// <summary>Exists for a while after a worker has begun to look for jobs that are due, so that the others need not.</summary>
    public string Sweep => _root + "sweep";

    public string ReadyOf(JobName job) => Ready + job;

    public string TakenOf(JobName job) => Taken + job;

    public string DeadOf(JobName job) => Dead + job;

    public string LeaseOf(string id) => Leases + id;

    /// <summary>Why a job is among the dead letters.</summary>
    public string ReasonOf(string id) => $"{_root}reasons/{id}";

    /// <summary>What the keys of jobs begin with that are due at a time. They sort by it.</summary>
    public string DelayedUntil(DateTimeOffset due) => string.Create(CultureInfo.InvariantCulture, $"{Delayed}{Math.Max(0, due.ToUnixTimeMilliseconds()):D15}/");

    /// <summary>When the job of a key below <see cref="Delayed"/> is due; null if it is no such key.</summary>
    public static DateTimeOffset? DueOf(string key) =>
        key.Split('/') is [.., var time, _] && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var due) && due <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(due)
            : null;
}

/// <summary>
/// The last part of the key of a job: its id, and after a point how often it was claimed. The store makes the id when it appends the job, from the revision, so that the jobs sort by their commits.
/// </summary>
/// <param name="Id">The id.</param>
/// <param name="Claims">How often the job was claimed.</param>
internal readonly record struct JobName(string Id, int Claims)
{
    public static JobName Of(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        var point = name.LastIndexOf('.');
        return point >= 0 && int.TryParse(name.AsSpan(point + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var claims)
            ? new JobName(name[..point], claims)
            : new JobName(name, 0);
    }

    /// <summary>
    /// The same of a job that was enqueued for later. The id has the time in it, because it is unique only below one prefix: two jobs that are appended in one commit below two prefixes have the
    /// same revision.
    /// </summary>
    public static JobName OfDelayed(string key)
    {
        var job = Of(key);
        return job.Claims > 0 ? job : job with { Id = $"{job.Id}d{key.Split('/')[^2]}" };
    }

    public override string ToString() => Claims == 0 ? Id : string.Create(CultureInfo.InvariantCulture, $"{Id}.{Claims}");
}
