namespace KvStore.Testing;

/// <summary>What a log asks of a disk.</summary>
public enum DiskOperation
{
    Lock,
    List,
    Open,
    Create,
    Rename,
    Delete,
    FlushDirectory,
    Read,
    Write,
    Truncate,
    Reserve,
    Flush,
}

/// <summary>
/// A directory that forgets, tears and reorders in a power cut whatever was not flushed: the sectors of files, their lengths,
/// and the creation, renaming and deletion of files. Not for two threads at once.
/// </summary>
internal sealed class FakeDisk(Random random)
{
    private readonly List<Action<Dictionary<string, FakeFile>>> _pending = [];
    private Dictionary<string, FakeFile> _durable = [];
    private Action _kill = () => { };

    /// <summary>The files that a process sees.</summary>
    public Dictionary<string, FakeFile> Files { get; private set; } = [];

    /// <summary>Bytes that all files together may have.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Whether room can be reserved; if not, a write finds out that there is none.</summary>
    public bool CanReserve { get; set; } = true;

    /// <summary>Called before each operation with the file's name; what it throws, the operation throws.</summary>
    public Action<DiskOperation, string> Before { get; set; } = (_, _) => { };

    /// <summary>Called after each operation that succeeded.</summary>
    public Action<DiskOperation, string> After { get; set; } = (_, _) => { };

    /// <summary>Whether a file's flush fails: then some of the file is on the disk, and the system takes the rest for written.</summary>
    public Func<bool> FlushFails { get; set; } = () => false;

    public Random Random => random;

    /// <summary>What a process that starts now sees; one that is there still is killed.</summary>
    public FakeDiskSession Start()
    {
        _kill();
        var session = new FakeDiskSession(this);
        _kill = session.Kill;
        return session;
    }

    public void Create(string name)
    {
        var file = new FakeFile();
        Change(files => files[name] = file);
    }

    public void Rename(string from, string to)
    {
        var file = Files[from];
        Change(files =>
        {
            if (files.TryGetValue(from, out var found) && found == file)
                files.Remove(from);
            files[to] = file;
        });
    }

    public void Delete(string name) => Change(files => files.Remove(name));

    public void FlushDirectory()
    {
        _durable = new(Files);
        _pending.Clear();
    }

    /// <summary>Ends the process and the power.</summary>
    public void CutPower()
    {
        _kill();
        var mode = random.Next(4);
        var prefix = random.Next(_pending.Count + 1);
        for (var i = 0; i < _pending.Count; i++)
        {
            if (mode switch { 0 => false, 1 => true, 2 => i < prefix, _ => random.Next(2) == 0 })
                _pending[i](_durable);
        }

        _pending.Clear();
        foreach (var file in _durable.Values.Distinct())
            file.CutPower(random);
        Files = new(_durable);
    }

    public long UsedBytes => Files.Values.Sum(file => (long)file.Length);

    private void Change(Action<Dictionary<string, FakeFile>> change)
    {
        change(Files);
        _pending.Add(change);
    }
}
