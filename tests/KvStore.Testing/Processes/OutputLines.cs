namespace KvStore.Testing;

/// <summary>The lines that a process has written so far. Any thread may read while others add.</summary>
internal sealed class OutputLines
{
    private const int LinesMax = 100_000;

    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(string line)
    {
        TaskCompletionSource added;
        lock (_lock)
        {
            if (_lines.Count < LinesMax)
                _lines.Add(line);
            added = _added;
            _added = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        added.TrySetResult();
    }

    public string[] ToArray()
    {
        lock (_lock)
            return [.. _lines];
    }

    /// <summary>Waits for the first line that is wanted.</summary>
    public async Task<string> WaitForAsync(Func<string, bool> wanted, CancellationToken cancellationToken)
    {
        for (var seen = 0; ;)
        {
            Task added;
            lock (_lock)
            {
                for (; seen < _lines.Count; seen++)
                {
                    if (wanted(_lines[seen]))
                        return _lines[seen];
                }

                added = _added.Task;
            }

            await added.WaitAsync(cancellationToken);
        }
    }

    public override string ToString() => string.Join('\n', ToArray());
}
