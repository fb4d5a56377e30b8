namespace KvStore.Client.Tests;

/// <summary>Bytes in memory that survive the replica, like a file.</summary>
internal sealed class FakeStorage(string place = "here") : IKvReplicaStorage
{
    private volatile bool _isDead;

    public string Place => place;

    /// <summary>What was saved last; null for nothing.</summary>
    public byte[]? Saved { get; set; }

    /// <summary>Called when something was saved.</summary>
    public Action HasSaved { get; set; } = () => { };

    public Exception? Failure { get; set; }

    /// <summary>Saves nothing from now on: the process has ended.</summary>
    public void Die() => _isDead = true;

    /// <summary>The same bytes for another process, at the same place or at another one.</summary>
    public FakeStorage Copy(string? at = null) => new(at ?? place) { Saved = Saved };

    public ValueTask<byte[]?> LoadAsync(CancellationToken cancellationToken) => new(Saved);

    public ValueTask SaveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (Failure is not null)
            throw Failure;
        if (_isDead)
            return default;
        Saved = bytes.ToArray();
        HasSaved();
        return default;
    }
}
