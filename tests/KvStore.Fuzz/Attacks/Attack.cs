namespace KvStore.Fuzz;

/// <summary>A way to make a service do, hold or write far more than what is sent to it.</summary>
internal abstract class Attack
{
    /// <summary>The limit of the heap, below which garbage may wait to be collected, and 128 MiB for code, threads and buffers: what docs/operations.md says.</summary>
    protected const long ResidentBytesMax = ServiceStart.DefaultHeapBytesMax + (128L << 20);

    /// <summary>What it is called in tables and on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>What is sent, in a few words.</summary>
    public abstract string Input { get; }

    public virtual IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public virtual int? DescriptorsMax => null;

    public virtual WatchdogLimits Limits { get; } = new() { ResidentBytesMax = ResidentBytesMax };

    /// <summary>Stores what the attack needs. Nothing of it is measured.</summary>
    public virtual Task PrepareAsync(Attacker attacker) => Task.CompletedTask;

    /// <summary>Attacks until the attacker's time is up.</summary>
    public abstract Task RunAsync(Attacker attacker);

    /// <summary>What must be true after the attack, while its connections are still open. It returns the fault.</summary>
    public virtual Task<string?> CheckAsync(Attacker attacker) => Task.FromResult<string?>(null);
}
