using System.Text;

namespace KvStore.Server.Tests;

/// <summary>
/// Valid requests with random damage to their body or their query: each is answered well, or with a problem that says what is wrong,
/// and then nothing has changed. That no answer is 500 and every detail is a sentence is checked for all answers (<see cref="Contract"/>).
/// </summary>
public sealed class MutatedRequestTests : IAsyncLifetime
{
    private const int RoundsPerRequest = 150;

    /// <summary>Every endpoint that reads a body. No ttl, because an entry that expires is a change, too.</summary>
    private static readonly (string Method, string Target, string ContentType, string Body)[] WithBody =
    [
        ("POST", "/v1/txn", "application/json", """{"guards":[{"key":"a","revision":1},{"key":"b","exists":false}],"operations":[{"put":{"key":"é","json":{"a":[1,1.5e3,"\u00e9"]}}},{"put":{"key":"t","text":"\ud83d\ude00","content_type":"text/plain"}},{"put":{"key":"x","base64":"AP8="}},{"get":{"key":"a"}},{"delete":{"key":"d"}}]}"""),
        ("POST", "/v1/batch/get", "application/json", """{"keys":["a","\u00e9","😀"]}"""),
        ("PATCH", "/v1/kv/a", "application/merge-patch+json", """{"é":{"a":null,"b":[1,-0.5,true]},"\ud83d\ude00":"😀"}"""),
        ("PUT", "/person/update", "application/json", """{"id":100,"name":"\u00e9😀","more":[{}]}"""),
        ("GET", "/person/get", "application/json", """{"id":100,"name":null}"""),
        ("POST", "/v1/import", "application/x-ndjson", "{\"key\":\"a\",\"content_type\":\"application/json\",\"json\":{\"a\":1}}\n{\"key\":\"é\",\"text\":\"\\ud83d\\ude00\"}\r\n\n{\"key\":\"e\",\"base64\":\"AP8=\",\"expires_at\":\"2099-12-31T23:59:60Z\"}"),
    ];

    /// <summary>Every endpoint that reads a query, with all of its parameters but those that wait.</summary>
    private static readonly (string Method, string Target)[] WithQuery =
    [
        ("GET", "/v1/kv/a?revision=1&consistency=local"),
        ("HEAD", "/v1/kv/a?consistency=linearizable"),
        ("PUT", "/v1/kv/%C3%A9/a?ttl=none"),
        ("PATCH", "/v1/kv/a?ttl=none"),
        ("POST", "/v1/kv/p/?ttl=none"),
        ("POST", "/v1/counters/n?by=-15&ttl=none"),
        ("GET", "/v1/kv?prefix=%C3%A9&after=a%2Fb&delimiter=/&limit=10&values=true&consistency=local"),
        ("GET", "/v1/kv?prefix=a+b&count_only=1&revision=0"),
        ("GET", "/v1/kv?cursor=q83vEgEAAAAAAAAABwAFdXNlci91c2VyLzQyL25hbWU"),
        ("DELETE", "/v1/kv?prefix=none%20/"),
        ("GET", "/v1/export?prefix=%F0%9F%98%80&revision=1&consistency=local"),
        ("GET", "/person/get?id=-9223372036854775808&revision=1"),
        ("GET", "/v1/status"),
    ];

    private static readonly byte[][] Fragments =
    [
        .. new[] { "\\ud800", "\\udc00", "\"\\ud83d\\ude00\"", "\0", "\n", "\r", "\t", "\"", "\\", "{", "}", "[", "]", ",", ":", "//", "/**/", "#", "'", "NaN", "1e400", "-0", "1E5", "01", "null", "\uFEFF",
            "9007199254740993", "99999999999999999999", "\u0085", "\u2028", "\"key\":", "\"\\u006bey\":\"b\"," }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
        .. new[] { new string('[', 70), string.Concat(Enumerable.Repeat("{\"a\":", 70)) }.Select(Encoding.ASCII.GetBytes),
    ];

    private static readonly string[] QueryFragments =
        ["%", "%0", "%zz", "%00", "%ED%A0%80", "%FF", "%C3", "%EF%BB%BF", "%23", "#", "+", "%2B", "&", "&&", "=", "==", "?", "-", "1e5", "1,000", ".", "99999999999999999999", "9223372036854775808", "true", "True", "é", "\\ud800", "%0A", ";"];

    private static readonly Encoding[] Encodings =
    [
        new UnicodeEncoding(false, true), new UnicodeEncoding(true, true), new UnicodeEncoding(false, false), new UTF32Encoding(false, true), new UTF32Encoding(true, false), Encoding.Latin1, new UTF8Encoding(true),
    ];

    private readonly Random _random = Seed.NewRandom();
    private KvServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KvServer.StartAsync(("MinRevisionTimeout", "00:00:00.010"), ("HistoryCommitsMax", "10"));
        (await _server.Client.PutAsync("/v1/kv/a", "{\"a\":{\"b\":1}}", ("Content-Type", "application/json"))).Expect(201);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Send_MutatedBody_IsAnsweredOrChangesNothing()
    {
        foreach (var (method, target, contentType, body) in WithBody)
        {
            var good = 0;
            for (var round = 0; round < RoundsPerRequest; round++)
            {
                var mutated = round == 0 ? Encoding.UTF8.GetBytes(body) : MutateBody(body);
                good += await IsGoodAsync($"{method} {target} {Convert.ToBase64String(mutated)}",
                    () => _server.Client.SendAsync(method, target, new ByteArrayContent(mutated), ("Content-Type", contentType))) ? 1 : 0;
            }

            Assert.InRange(good, 1, RoundsPerRequest - 1);
        }
    }

    [Fact]
    public async Task Send_MutatedQuery_IsAnsweredOrChangesNothing()
    {
        foreach (var (method, target) in WithQuery)
        {
            for (var round = 0; round < RoundsPerRequest; round++)
            {
                var mutated = MutateQuery(target);
                await IsGoodAsync($"{method} {mutated}", async () =>
                {
                    using var raw = await _server.ConnectAsync();
                    return await raw.RequestAsync(method, mutated);
                });
            }
        }
    }

    private async Task<bool> IsGoodAsync(string request, Func<Task<Response>> send)
    {
        var before = _server.Store.Latest;
        Response answer;
        try
        {
            answer = await send();
            Assert.True(answer.Status < 500, answer.ToString());
            Assert.True(answer.IsSuccess || answer.Status == 304 || ReferenceEquals(before, _server.Store.Latest), $"It changed something: {answer}");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{request}: {exception.Message}", exception);
        }

        return answer.IsSuccess;
    }

    private byte[] MutateBody(string body)
    {
        if (_random.Next(10) == 0)
        {
            var encoding = Encodings[_random.Next(Encodings.Length)];
            return [.. encoding.GetPreamble(), .. encoding.GetBytes(body)];
        }

        var bytes = Encoding.UTF8.GetBytes(body).ToList();
        for (var i = _random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            var at = _random.Next(bytes.Count);
            switch (_random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, _random.Next(Math.Min(8, bytes.Count - at) + 1));
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    var repeated = bytes.GetRange(at, _random.Next(Math.Min(20, bytes.Count - at) + 1));
                    bytes.InsertRange(at, repeated);
                    break;
                default:
                    bytes.InsertRange(at, Fragments[_random.Next(Fragments.Length)]);
                    break;
            }
        }

        return [.. bytes];
    }

    // Only behind the path, so that the request stays the one that it is.
    private string MutateQuery(string target)
    {
        var text = new StringBuilder(target);
        var start = target.IndexOf('?', StringComparison.Ordinal) + 1;
        if (start == 0)
            start = text.Append('?').Length;
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            var at = _random.Next(start, text.Length + 1);
            if (_random.Next(3) == 0)
                text.Remove(at, _random.Next(Math.Min(4, text.Length - at) + 1));
            else
                text.Insert(at, QueryFragments[_random.Next(QueryFragments.Length)]);
        }

        return text.ToString();
    }
}
