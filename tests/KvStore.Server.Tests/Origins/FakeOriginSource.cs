using System.Collections.Concurrent;
using KvStore.Origins;

namespace KvStore.Server.Tests;

/// <summary>
/// An origin that answers as its keys are called: found, absent, failed, slow, throttled, many, private; anything else is found, too. It takes writes, but of refused, unknown, busy and away,
/// and of persons 81 to 84.
/// </summary>
internal sealed class FakeOriginSource : IOriginSource, IOriginSink
{
    private int _calls;

    public int KeysMax => 1;

    /// <summary>What it was asked.</summary>
    public ConcurrentQueue<LoadRequest> Requests { get; } = [];

    /// <summary>What it answers to a key instead, by its last segment.</summary>
    public ConcurrentDictionary<string, Func<LoadRequest, Task<LoadResult>>> Answers { get; } = [];

    /// <summary>What it was told.</summary>
    public ConcurrentQueue<OriginWrite> Writes { get; } = [];

    /// <summary>What it says to a write instead, by the last segment of its key.</summary>
    public ConcurrentDictionary<string, Func<OriginWrite, Task<WriteResult>>> WriteAnswers { get; } = [];

    public static void AddOrigin(Dictionary<string, string> settings, string name, string prefix, string writes = "refuse")
    {
        settings[$"KvStore:Origins:{name}:Writes"] = writes;
        settings[$"KvStore:Origins:{name}:Prefix"] = prefix;
        settings[$"KvStore:Origins:{name}:Http:Url"] = "http://localhost:1/{key}";
    }

    public static LoadResult.Found Found(string value, string? etag = null, OriginFreshness freshness = default) => new(Some.Bytes(value), "text/plain", etag, freshness);

    public async Task<IReadOnlyList<LoadResult>> LoadAsync(IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken)
    {
        var request = Assert.Single(requests);
        Requests.Enqueue(request);
        var name = request.Key.ToString().Split('/')[^1];
        return [Answers.TryGetValue(name, out var answer) ? await answer(request).WaitAsync(cancellationToken) : AnswerTo(name)];
    }

    public async Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken)
    {
        Writes.Enqueue(write);
        var name = write.Key.ToString().Split('/')[^1];
        return WriteAnswers.TryGetValue(name, out var answer) ? await answer(write).WaitAsync(cancellationToken) : name switch
        {
            "refused" or "81" => new WriteResult.Refused("The origin answered 422."),
            "unknown" or "82" => new WriteResult.Failed(LoadFailure.Timeout, null, "The origin did not answer in time."),
            "busy" => new WriteResult.Failed(LoadFailure.Throttled, TimeSpan.FromSeconds(7), "The origin asks for fewer calls.") { MayBeWritten = false },
            "away" => new WriteResult.Failed(LoadFailure.BadAnswer, null, "The origin cannot be reached.") { MayBeWritten = false, IsUnreachable = true },
            _ => new WriteResult.Written(),
        };
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private LoadResult AnswerTo(string name) => name switch
    {
        "absent" => new LoadResult.Absent(default),
        "failed" or "83" => new LoadResult.Failed(LoadFailure.BadAnswer, null, "The origin answered 500."),
        "slow" or "84" => new LoadResult.Failed(LoadFailure.Timeout, null, "The origin did not answer in time."),
        "throttled" => new LoadResult.Failed(LoadFailure.BreakerOpen, TimeSpan.FromSeconds(7), "The origin fails."),
        "many" => new LoadResult.Failed(LoadFailure.QueueFull, null, "Too many requests wait."),
        "number" or "refused" or "unknown" or "busy" => Found("7"),
        "private" => Found("private", null, new OriginFreshness(null, null, null, default, ForbidsStoring: true, false)),
        _ => Found($"value {Interlocked.Increment(ref _calls)}"),
    };
}
