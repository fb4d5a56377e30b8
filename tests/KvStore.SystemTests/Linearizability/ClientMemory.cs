namespace KvStore.SystemTests;

/// <summary>What a client knows: who it is, and the revisions that it saw last. Belongs to one client.</summary>
internal sealed class ClientMemory(int client, int keyCount)
{
    private readonly long[] _revisions = new long[keyCount];
    private int _values;

    /// <summary>The revision that the key's entry had when the client last heard of it; 0 if it never did.</summary>
    public long RevisionOf(int key) => _revisions[key];

    /// <summary>A value that no other client writes, and this one only once.</summary>
    public string NextValue() => $"v{client}-{++_values}";

    public void Remember(Call call, Answer answer)
    {
        if (call is KeyCall { Key: var key } && answer.EntryRevision is { } revision)
            _revisions[key] = revision;
        for (var i = 0; i < answer.Registers.Length; i++)
            _revisions[i] = answer.Registers[i].Revision ?? _revisions[i];
        for (var i = 0; i < answer.Results.Length; i++)
        {
            if (((Transaction)call).Steps[i].ResultKey is var result && (answer.Results[i].Revision ?? answer.Results[i].Entry.Revision) is { } seen)
                _revisions[result] = seen;
        }

        foreach (var failed in answer.Failed)
            _revisions[failed.Key] = failed.Revision ?? 0;
    }
}
