using System.Diagnostics;

/// <summary>Admits so many calls within any time of some length. Thread-safe.</summary>
internal sealed class CallWindow(int callsMax, TimeSpan length)
{
    private readonly Queue<long> _admitted = [];

    public bool TryEnter()
    {
        lock (_admitted)
        {
            while (_admitted.TryPeek(out var oldest) && Stopwatch.GetElapsedTime(oldest) >= length)
                _admitted.Dequeue();
            if (_admitted.Count >= callsMax)
                return false;
            _admitted.Enqueue(Stopwatch.GetTimestamp());
            return true;
        }
    }
}
