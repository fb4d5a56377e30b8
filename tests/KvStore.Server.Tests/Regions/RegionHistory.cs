using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>What clients did to a few values in all regions, and what has to come of it.</summary>
internal sealed class RegionHistory(RegionGroup group, string prefix)
{
    private readonly ConcurrentDictionary<string, bool> _added = [];
    private readonly ConcurrentDictionary<string, bool> _removed = [];
    private readonly ConcurrentDictionary<char, bool> _inserted = [];
    private readonly ConcurrentDictionary<char, bool> _deleted = [];
    private readonly long[] _increments = new long[group.Count];
    private long _least;
    private long _most;
    private long _hitsMost;
    private int _names;

    private string Counter => prefix + "counter";

    private string Hits => prefix + "hits";

    private string Set => prefix + "set";

    public string Text => prefix + "text";

    public IEnumerable<string> Keys => [Counter, Hits, Set, Text];

    /// <summary>Each value is made in one region. The others get it from there.</summary>
    public async Task CreateAsync(Random random)
    {
        foreach (var (key, intent, type) in ((string, string, string)[])[(Counter, "{\"increment\":0}", "pn-counter"), (Hits, "{\"increment\":0}", "g-counter"), (Set, "{\"add\":[]}", "or-set"), (Text, "{\"edits\":[]}", "text")])
            (await group.ChangeAsync(random.Next(group.Count), key, intent, type)).Expect(201);
    }

    /// <summary>A client that asks for random changes in random regions.</summary>
    public async Task ChangeAsync(Random random, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var index = random.Next(group.Count);
            switch (random.Next(5))
            {
                case 0:
                    var amount = random.Next(-50, 51);
                    var added = await SendAsync(index, Counter, $"{{\"increment\":{amount}}}");
                    Interlocked.Add(ref _least, added switch { Fate.Acknowledged => amount, Fate.Unknown => Math.Min(amount, 0), _ => 0 });
                    Interlocked.Add(ref _most, added switch { Fate.Acknowledged => amount, Fate.Unknown => Math.Max(amount, 0), _ => 0 });
                    break;
                case 1:
                    var hit = await SendAsync(index, Hits, "{\"increment\":1}");
                    if (hit == Fate.Acknowledged)
                        Interlocked.Increment(ref _increments[index]);
                    if (hit != Fate.Refused)
                        Interlocked.Increment(ref _hitsMost);
                    break;
                case 2:
                    var element = string.Create(CultureInfo.InvariantCulture, $"e{Interlocked.Increment(ref _names)}");
                    if (await SendAsync(index, Set, $"{{\"add\":[\"{element}\"]}}") == Fate.Acknowledged)
                        _added[element] = true;
                    break;
                case 3:
                    // Where it has not come yet, there is nothing to remove. So it may be left, but no other one may be gone.
                    if (_added.Keys.Skip(random.Next(_added.Count + 1)).FirstOrDefault() is { } gone)
                    {
                        _removed[gone] = true;
                        await SendAsync(index, Set, $"{{\"remove\":[\"{gone}\"]}}");
                    }

                    break;
                default:
                    var character = NewCharacter();
                    if (await SendAsync(index, Text, $"{{\"edits\":[{{\"at\":{random.Next(3)},\"insert\":\"{character}\"}}]}}") == Fate.Acknowledged)
                        _inserted[character] = true;
                    break;
            }
        }
    }

    /// <summary>A client that reads a counter that only grows in one region: it must have every increment that was acknowledged there before, and never go back.</summary>
    public async Task ReadAsync(int index, CancellationToken cancellationToken)
    {
        var last = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            var least = Interlocked.Read(ref _increments[index]);
            if (await TryAsync(() => group.ReadAsync(index, Hits)) is not { Status: 200 } answer)
                continue;
            var value = long.Parse(answer.Text, CultureInfo.InvariantCulture);
            Assert.True(value >= least && value >= last, $"Region {index} shows {value} after {least} acknowledged increments and a read of {last}.");
            last = value;
        }
    }

    /// <summary>A character that no other client inserts.</summary>
    public char NewCharacter() => (char)(0x4E00 + (Interlocked.Increment(ref _names) % 0x5000));

    public void Inserted(char character) => _inserted[character] = true;

    public void Deleted(char character) => _deleted[character] = true;

    /// <summary>Checks what all regions agree on.</summary>
    public async Task CheckAsync()
    {
        var counter = long.Parse((await group.ReadAsync(0, Counter)).Text, CultureInfo.InvariantCulture);
        Assert.InRange(counter, _least, _most);
        Assert.InRange(long.Parse((await group.ReadAsync(1, Hits)).Text, CultureInfo.InvariantCulture), _increments.Sum(), _hitsMost);
        var elements = JsonSerializer.Deserialize<HashSet<string>>((await group.ReadAsync(2, Set)).Text)!;
        Assert.DoesNotContain(_added.Keys, element => !_removed.ContainsKey(element) && !elements.Contains(element));
        var text = JsonSerializer.Deserialize<string>((await group.ReadAsync(0, Text)).Text)!;
        Assert.Equal(text.Length, text.Distinct().Count());
        Assert.DoesNotContain(_inserted.Keys, character => !_deleted.ContainsKey(character) && !text.Contains(character));
        Assert.DoesNotContain(_deleted.Keys, text.Contains);
    }

    /// <summary>Sends a request; null if its region did not answer.</summary>
    public static async Task<Response?> TryAsync(Func<Task<Response>> send)
    {
        try
        {
            return await send();
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or ObjectDisposedException or NullReferenceException)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    private async Task<Fate> SendAsync(int index, string key, string intent)
    {
        var answer = await TryAsync(() => group.ChangeAsync(index, key, intent));
        return answer switch
        {
            { Status: 200 } => Fate.Acknowledged,
            null or { Status: 504 } => Fate.Unknown,

            // It has not come there yet, the position is too far, the value is being changed too often, or the service is stopping.
            { Status: 404 or 422 or 429 or 503 } => Fate.Refused,
            _ => throw new InvalidOperationException($"{intent} in region {index}: {answer}"),
        };
    }

    private enum Fate
    {
        Acknowledged,
        Refused,
        Unknown,
    }
}
