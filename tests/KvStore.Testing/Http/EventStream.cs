using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace KvStore.Testing;

/// <summary>An event as a browser sees it, or a comment, whose name is empty.</summary>
internal sealed record ServerSentEvent(string Name, string? Id, string Data)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    public long Revision => Json.GetProperty("revision").GetInt64();

    /// <summary>The type and key of each change of the event.</summary>
    public IEnumerable<string> Changes =>
        Json.GetProperty("changes").EnumerateArray().Select(change => $"{change.GetProperty("type")} {change.GetProperty("key")}");

    // The members above are not in every event.
    public override string ToString() => $"{Name} {Id}: {Data}";
}

/// <summary>A client of Server-Sent Events after WHATWG HTML, section 9.2.6. It knows nothing of the service but the path of a watch of entries.</summary>
internal sealed class EventStream : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpClient http, HttpResponseMessage response, Stream body) =>
        (_http, _response, _reader) = (http, response, new StreamReader(body, Encoding.UTF8));

    public HttpStatusCode Status => _response.StatusCode;

    /// <summary>Opens a stream, with any status.</summary>
    /// <param name="address">The service.</param>
    /// <param name="query">The query of a watch of entries, or the whole target of another one.</param>
    /// <param name="lastEventId">The id of the last event; null for none.</param>
    /// <param name="headers">Other headers.</param>
    public static async Task<EventStream> OpenAsync(Uri address, string query, string? lastEventId = null, params (string Name, string Value)[] headers)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, query.StartsWith('/') ? query : "/v1/watch" + query));
        if (lastEventId is not null)
            Assert.True(request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId));
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            return new EventStream(http, response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    public string? Header(string name) =>
        _response.Headers.TryGetValues(name, out var values) || _response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    public long StoreRevision => long.Parse(Header("KvStore-Revision")!, CultureInfo.InvariantCulture);

    /// <summary>The next event or comment; null after a regular end.</summary>
    public async Task<ServerSentEvent?> NextOrEndAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        var (name, id, comment) = ("message", (string?)null, (string?)null);
        List<string>? data = null;
        while (await _reader.ReadLineAsync(patience.Token) is { } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (field, value) = colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..]);
            value = value.StartsWith(' ') ? value[1..] : value;
            if (line.Length == 0 && (data is not null || comment is not null))
                return data is null ? new ServerSentEvent("", null, comment!) : new ServerSentEvent(name, id, string.Join('\n', data));
            if (colon == 0)
                comment = value;
            else if (field == "event")
                name = value;
            else if (field == "id")
                id = value;
            else if (field == "data")
                (data ??= []).Add(value);
            else if (field == "retry")
                Assert.Matches("^[0-9]+$", value);
            else
                Assert.Fail($"A line that is no field: {line}");
        }

        return null;
    }

    /// <summary>The next event; asserts its name. Comments are skipped.</summary>
    public async Task<ServerSentEvent> NextAsync(string name)
    {
        ServerSentEvent? next;
        do
            next = await NextOrEndAsync();
        while (next is { Name: "" });
        if (next?.Name != name)
            Assert.Fail($"The event {name} was expected: {next?.ToString() ?? "the end of the stream"}");
        return next;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
        _http.Dispose();
    }
}
