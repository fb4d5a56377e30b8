namespace KvStore.Origins;

/// <summary>Lets writes of one key take turns, in the order in which they come. Thread-safe.</summary>
/// <param name="waitersMax">The most writes that wait, of all keys together.</param>
internal sealed class WriteTurns(int waitersMax)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Line> _lines = [];
    private int _waiters;

    /// <summary>Waits until no other write of a key has its turn.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The turn, which ends when it is disposed of; null if too many wait.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<IDisposable?> EnterAsync(Key key, CancellationToken cancellationToken)
    {
        Line line;
        lock (_lock)
        {
            if (_waiters >= waitersMax && _lines.ContainsKey(key))
                return null;
            if (!_lines.TryGetValue(key, out line!))
                _lines.Add(key, line = new Line());
            line.Users++;
            _waiters++;
        }

        var hasTurn = false;
        try
        {
            await line.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            hasTurn = true;
            return new Taken(this, key, line);
        }
        finally
        {
            lock (_lock)
            {
                _waiters--;
                if (!hasTurn)
                    Leave(key, line);
            }
        }
    }

    private void Leave(Key key, Line line)
    {
        if (--line.Users == 0)
            _lines.Remove(key);
    }

    private sealed class Line
    {
        public SemaphoreSlim Turn { get; } = new(1);

        /// <summary>The writes that have the turn or wait for it. The last one removes the line.</summary>
        public int Users { get; set; }
    }

    private sealed class Taken(WriteTurns turns, Key key, Line line) : IDisposable
    {
        public void Dispose()
        {
            line.Turn.Release();
            lock (turns._lock)
                turns.Leave(key, line);
        }
    }
}
