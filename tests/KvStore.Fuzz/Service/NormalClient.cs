using System.Collections.Concurrent;
using System.Net;

namespace KvStore.Fuzz;

/// <summary>
/// A well-behaved client beside an attack: it writes a small value and reads it back at a fixed rate, over several connections. A time
/// counts from when the request was due, so that requests held up by an earlier one count as late, too.
/// </summary>
internal sealed class NormalClient : IAsyncDisposable
{
    private const int Lanes = 8;

    private readonly NormalLane[] _lanes;

    /// <param name="perSecond">Pairs of PUT and GET in a second.</param>
    public NormalClient(IPEndPoint endPoint, double perSecond) =>
        _lanes = [.. Enumerable.Range(0, Lanes).Select(number => new NormalLane(this, endPoint, number, TimeSpan.FromSeconds(Lanes / perSecond)))];

    public Latencies Puts { get; private set; } = new();

    public Latencies Gets { get; private set; } = new();

    /// <summary>Requests by status; 0 counts requests without an answer.</summary>
    public ConcurrentDictionary<int, long> Statuses { get; } = new();

    /// <summary>Reads that did not return what was written before, although both were answered with success.</summary>
    public long WrongReads => _lanes.Sum(lane => lane.WrongReads);

    /// <summary>The longest time that a request took from when it was sent, one that still waits included.</summary>
    public TimeSpan LongestStall => _lanes.Max(lane => lane.LongestStall);

    /// <summary>Forgets the times and statuses that were measured so far.</summary>
    public void StartOver()
    {
        (Puts, Gets) = (new(), new());
        Statuses.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes)
            await lane.DisposeAsync();
    }
}
