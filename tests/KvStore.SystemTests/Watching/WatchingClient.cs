using System.Net;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>
/// A client that keeps a copy of what it watches: it lists once, applies every change, disconnects and resumes with the last id,
/// and lists again after <c>gone</c>. It checks every event against the guarantees of a watch.
/// </summary>
internal sealed class WatchingClient(string query, WatchedWrites writes)
{
    private readonly Dictionary<string, (long Revision, string? Text)> _copy = [];
    private readonly Dictionary<string, long> _versions = [];
    private readonly Dictionary<(long Revision, string Key), string?> _changes = [];
    private string? _lastId;

    // He cannot have heard of changes above the first and up to the second, because he listed instead.
    private readonly List<(long Above, long UpTo)> _gaps = [];

    /// <summary>Everything up to this revision is in his copy.</summary>
    public long Position { get; private set; } = -1;

    public int Connections { get; private set; }

    public int Gone { get; private set; }

    public int Changes => _changes.Count;

    /// <summary>Watches until the copy has reached a revision, which is given when it is known.</summary>
    public async Task WatchAsync(Random random, Func<long> end)
    {
        while (Position < end())
        {
            try
            {
                using var stream = await EventStream.OpenAsync(writes.Address, _lastId is null ? query + "&initial=true" : query, _lastId);
                if (stream.Status == HttpStatusCode.Gone)
                    BeginAnew();
                else if (stream.Status == HttpStatusCode.OK)
                    await ReadAsync(stream, random, end);
                Connections++;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or HttpIOException)
            {
                // The service is being started again.
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Asserts that the copy is what the service has, and that no answered change was missed.</summary>
    public void Check(long revision, IReadOnlyDictionary<string, (long Revision, string? Text)> entries)
    {
        Assert.Equal(revision, Position);
        Assert.Equal(
            entries.Where(entry => Concerns(entry.Key)).OrderBy(entry => entry.Key, StringComparer.Ordinal),
            _copy.OrderBy(entry => entry.Key, StringComparer.Ordinal));
        foreach (var (answeredRevision, key, text) in writes.Answered)
        {
            if (!Concerns(key) || _gaps.Exists(gap => answeredRevision > gap.Above && answeredRevision <= gap.UpTo))
                continue;
            Assert.True(_changes.TryGetValue((answeredRevision, key), out var seen), $"{query}: the change of {key} at {answeredRevision} never came.");
            Assert.Equal(text, seen);
        }
    }

    private bool Concerns(string key) => query.StartsWith("?key=", StringComparison.Ordinal)
        ? key == query["?key=".Length..]
        : key.StartsWith(query["?prefix=".Length..], StringComparison.Ordinal);

    private void BeginAnew()
    {
        Gone++;
        _lastId = null;
    }

    private async Task ReadAsync(EventStream stream, Random random, Func<long> end)
    {
        var entries = _lastId is null ? new Dictionary<string, (JsonElement Item, long Revision)>() : null;
        for (var left = 1 + random.Next(400); left > 0 && Position < end(); left--)
        {
            // Only while there are writes: a fast disk commits more than a slow client would catch up with in the time of a test.
            if (end() == long.MaxValue && random.Next(60) == 0)
                await Task.Delay(random.Next(100), TestContext.Current.CancellationToken);
            if (await stream.NextOrEndAsync() is not { } next)
                return;
            switch (next.Name)
            {
                case "":
                    break;
                case "gone":
                    BeginAnew();
                    return;
                case "reconnect":
                    Advance(next, isChange: false);
                    return;
                case "entry":
                    var item = next.Json;
                    Assert.True(entries!.TryAdd(item.GetProperty("key").GetString()!, (item, item.GetProperty("revision").GetInt64())), "An entry came twice.");
                    break;
                case "synced":
                    Begin(next, entries!);
                    entries = null;
                    break;
                case "bookmark":
                    Advance(next, isChange: false);
                    break;
                default:
                    Assert.Equal("change", next.Name);
                    Assert.Null(entries);
                    Advance(next, isChange: true);
                    Apply(next);
                    break;
            }
        }
    }

    private void Begin(ServerSentEvent synced, Dictionary<string, (JsonElement Item, long Revision)> entries)
    {
        _gaps.Add((Position, synced.Revision));
        Assert.True(synced.Revision >= Position, $"{query}: the list at {synced.Revision} is older than {Position}.");
        Assert.All(entries.Values, entry => Assert.InRange(entry.Revision, 1, synced.Revision));
        _copy.Clear();
        _versions.Clear();
        foreach (var (key, (item, revision)) in entries)
        {
            Assert.True(Concerns(key));
            _copy[key] = (revision, item.GetProperty("text").GetString());
            _versions[key] = item.GetProperty("version").GetInt64();
        }

        (Position, _lastId) = (synced.Revision, synced.Id);
    }

    // A change is never at or below what was said to be over, and no position goes back.
    private void Advance(ServerSentEvent next, bool isChange)
    {
        Assert.True(isChange ? next.Revision > Position : next.Revision >= Position, $"{query}: {next.Name} {next.Revision} after {Position}.");
        Assert.Equal($"{_lastId!.Split('.')[0]}.{next.Revision}", next.Id);
        (Position, _lastId) = (next.Revision, next.Id);
    }

    private void Apply(ServerSentEvent next)
    {
        var changes = next.Json.GetProperty("changes").EnumerateArray().ToArray();
        Assert.NotEmpty(changes);
        foreach (var change in changes)
        {
            var key = change.GetProperty("key").GetString()!;
            Assert.True(Concerns(key), $"{query}: {key} is none of it.");
            if (change.GetProperty("type").GetString() == "delete")
            {
                Assert.True(_copy.Remove(key), $"{query}: {key} was deleted at {next.Revision} and had not been there.");
                _versions.Remove(key);
                _changes.Add((next.Revision, key), null);
                continue;
            }

            // One write that did not come would be missed in the entry's number of writes.
            var text = change.GetProperty("text").GetString();
            var version = change.GetProperty("version").GetInt64();
            Assert.Equal((next.Revision, _versions.GetValueOrDefault(key) + 1), (change.GetProperty("revision").GetInt64(), version));
            (_copy[key], _versions[key]) = ((next.Revision, text), version);
            _changes.Add((next.Revision, key), text);
        }

        if (query == "?prefix=pair/")
            Assert.Equal(2, changes.Length);
    }
}
