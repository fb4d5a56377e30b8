using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>
/// Clients that write keys of their own as fast as they are answered, and know of each key what it may hold: what was
/// answered last, or what was sent after that and has no answer.
/// </summary>
internal sealed class Writers(Random random, int writers, int keysPerWriter, int valueBytesMax, string prefix = "")
{
    private readonly Dictionary<string, Expectation> _keys = [];
    private readonly Lock _lock = new();
    private int _answered;
    private int _wanted;
    private TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The greatest revision that a client has seen.</summary>
    public long Revision { get; private set; }

    /// <summary>How many writes were answered in all.</summary>
    public long Answered { get; private set; }

    /// <summary>Writes until the connections end.</summary>
    public Task WriteAsync(Uri address)
    {
        var seeds = Enumerable.Range(0, writers).Select(_ => random.Next()).ToArray();
        return Task.WhenAll(seeds.Select((seed, number) => Task.Run(() => WriteAsync(address, number, new Random(seed)))));
    }

    /// <summary>Ends when so many more writes are answered.</summary>
    public Task AnsweredAsync(int count)
    {
        lock (_lock)
        {
            (_answered, _wanted) = (0, count);
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Compares everything that is stored below the prefix with what may be, and takes it for what is.</summary>
    public async Task CheckAsync(Uri address)
    {
        using var connection = await RawConnection.ConnectAsync(address);
        var page = (await connection.ExchangeAsync($"GET /v1/kv?prefix={prefix}&limit=1000&values=true HTTP/1.1\r\nHost: localhost\r\n\r\n")).Json;
        Assert.False(page.TryGetProperty("cursor", out _));
        var stored = page.GetProperty("items").EnumerateArray().ToDictionary(
            item => item.GetProperty("key").GetString()!,
            item => (Text: item.GetProperty("text").GetString(), Revision: item.GetProperty("revision").GetInt64()));
        var revision = page.GetProperty("revision").GetInt64();
        Assert.True(revision >= Revision, $"Revision {Revision} was answered and the store is at {revision}.");
        Assert.Subset(_keys.Keys.ToHashSet(), stored.Keys.ToHashSet());
        foreach (var (key, expected) in _keys)
        {
            var (text, at) = stored.GetValueOrDefault(key);
            var isKnown = text == expected.Text && (text is null || at == expected.Revision);
            var isUnanswered = expected.IsUnanswered && text == expected.UnansweredText && (text is null || at > expected.Revision);
            Assert.True(isKnown || isUnanswered, $"{key} holds {Describe(text)} of revision {at}. Answered was {Describe(expected.Text)} of revision {expected.Revision}; "
                + (expected.IsUnanswered ? $"{Describe(expected.UnansweredText)} was sent." : "nothing was sent after that."));
            if (!isKnown || isUnanswered)
                expected.Answer(text, text is null ? revision : at);
            expected.Forget();
        }

        Revision = revision;
    }

    private static string Describe(string? text) => text is null ? "nothing" : $"{text[..Math.Min(text.Length, 20)]}… ({text.Length} characters)";

    private async Task WriteAsync(Uri address, int number, Random seeded)
    {
        try
        {
            using var connection = await RawConnection.ConnectAsync(address);
            while (true)
            {
                var key = $"{prefix}{number}/{seeded.Next(keysPerWriter)}";
                var text = seeded.Next(5) == 0 ? null : $"{seeded.Next()} {new string((char)('a' + seeded.Next(26)), seeded.Next(valueBytesMax))}";
                var expected = Send(key, text);
                var answer = text is null
                    ? await connection.ExchangeAsync($"DELETE /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    : await connection.TryPutAsync(key, text);
                Take(expected, text, answer);
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidDataException)
        {
            // The service is gone, and the last write has no answer.
        }
    }

    private Expectation Send(string key, string? text)
    {
        lock (_lock)
        {
            if (!_keys.TryGetValue(key, out var expected))
                _keys.Add(key, expected = new Expectation());
            expected.Send(text);
            return expected;
        }
    }

    private void Take(Expectation expected, string? text, Response answer)
    {
        lock (_lock)
        {
            // 404: there was nothing to delete.
            if (!answer.IsSuccess && answer.Status != 404)
                throw new InvalidOperationException($"{answer}");
            Assert.True(answer.Revision >= expected.Revision, $"{expected.Revision} was answered before {answer}");
            expected.Answer(text, answer.Revision!.Value);
            Revision = Math.Max(Revision, answer.Revision!.Value);
            Answered++;
            if (++_answered == _wanted)
                _reached.TrySetResult();
        }
    }

    /// <summary>What a key may hold. No text means no entry.</summary>
    private sealed class Expectation
    {
        public string? Text { get; private set; }

        public long Revision { get; private set; }

        public bool IsUnanswered { get; private set; }

        public string? UnansweredText { get; private set; }

        public void Send(string? text) => (IsUnanswered, UnansweredText) = (true, text);

        public void Answer(string? text, long revision) => (Text, Revision, IsUnanswered) = (text, revision, false);

        public void Forget() => IsUnanswered = false;
    }
}
