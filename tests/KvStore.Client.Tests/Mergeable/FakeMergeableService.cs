using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KvStore.Crdt;

namespace KvStore.Client.Tests;

/// <summary>
/// A service with one mergeable value, as docs/http-api.md says, without a network. Each client has a connection of its own, which can be cut. It is the hub of the value: tests collect garbage and retire
/// replicas.
/// </summary>
internal sealed class FakeMergeableService
{
    public static readonly Uri Address = new("http://kvstore.invalid");

    private readonly Lock _lock = new();
    private readonly List<FakeConnection.Stream> _streams = [];
    private readonly ReplicaId _self = ReplicaId.Create();
    private long _revision = 1;

    /// <summary>The value; null if there is none.</summary>
    public CrdtReplica? Value { get; private set; }

    /// <summary>What the next requests to change something are refused with; null for nothing.</summary>
    public (int Status, string Problem)? Refusal { get; set; }

    public T Read<T>(Func<CrdtReplica, T> read)
    {
        lock (_lock)
            return read(Value!);
    }

    public void Delete()
    {
        lock (_lock)
        {
            Value = null;
            _revision++;
            foreach (var stream in _streams)
                stream.Send("delete", new JsonObject { ["revision"] = _revision });
            _streams.Clear();
        }
    }

    /// <summary>Collects garbage. Whoever is connected has to ask for what that changed.</summary>
    public void Collect(IReadOnlyCollection<ReplicaId> retired, VersionVector stable, ulong floor)
    {
        lock (_lock)
        {
            if (Value is null || !Value.Collect(retired, Value.Version.Meet(stable), floor))
                return;
            _revision++;
            foreach (var stream in _streams)
                stream.Send("sync", new JsonObject { ["revision"] = _revision });
        }
    }

    /// <summary>Loses what was done since a state, as when a backup is restored.</summary>
    public void Restore(byte[] state)
    {
        lock (_lock)
        {
            Value = MergeableValue.TryLoad(state, ReplicaId.Create());
            _revision++;
            foreach (var stream in _streams)
                stream.End();
            _streams.Clear();
        }
    }

    /// <summary>Answers a request.</summary>
    public HttpResponseMessage Answer(HttpRequestMessage request, byte[] body, FakeConnection connection)
    {
        lock (_lock)
        {
            var query = request.RequestUri!.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
            if (request.Method == HttpMethod.Post)
                return Refusal is { } refusal ? Problem(refusal.Status, refusal.Problem) : Post(JsonNode.Parse(body)!.AsObject(), query.ContainsKey("type"), query.GetValueOrDefault("type"));
            if (Value is null)
                return Problem(404, "not-found");
            var since = query.TryGetValue("since", out var text) ? VersionVector.TryParse(text)! : VersionVector.Empty;
            if (!query.ContainsKey("watch"))
                return Json(Describe(since));
            if (Value.DeltaSince(since) is null)
                return Problem(410, "replica-retired");
            var stream = new FakeConnection.Stream();
            stream.Send("delta", Describe(since));
            _streams.Add(stream);
            connection.Add(stream);
            return stream.Response(_revision);
        }
    }

    private HttpResponseMessage Post(JsonObject body, bool makes, string? type)
    {
        if (Value is null && !makes)
            return Problem(404, "not-found");
        Value ??= MergeableValue.Create(type switch { "text" => CrdtType.Text, "or-set" => CrdtType.ORSet, "g-set" => CrdtType.GSet, "g-counter" => CrdtType.GCounter, _ => CrdtType.PNCounter }, _self);
        var before = Value.Version;
        if (body["replica"] is null)
        {
            Change(body);
        }
        else if (body["lineage"] is { } lineage && (string?)lineage != Value.Lineage.ToString("x16", CultureInfo.InvariantCulture))
        {
            return Problem(409, "other-lineage");
        }
        else if (body["delta"] is { } delta)
        {
            var outcome = Value.Merge(Convert.FromBase64String((string)delta!));
            switch (outcome)
            {
                case MergeOutcome.Gap:
                    return Problem(409, "replica-gap", Value.Version);
                case MergeOutcome.Forked:
                    return Problem(409, "replica-forked");
                case MergeOutcome.Collected or MergeOutcome.Outdated:
                    return Problem(410, "replica-retired");
                case MergeOutcome.Malformed or MergeOutcome.OtherType or MergeOutcome.OtherLineage:
                    return Problem(400, "malformed-request");
            }
        }

        if (!Value.Version.Equals(before))
        {
            _revision++;
            foreach (var stream in _streams)
                stream.Send("delta", new JsonObject { ["revision"] = _revision, ["type"] = NameOf(Value), ["delta"] = Convert.ToBase64String(Value.DeltaSince(before)!) });
        }

        return Json(Describe(body["version"] is { } version ? VersionVector.TryParse((string)version!)! : Value.Version));
    }

    private void Change(JsonObject body)
    {
        if (body["increment"] is { } amount)
            ((CounterReplica)Value!).Increment((long)amount);
        else if (body["add"] is JsonArray added)
            ((SetReplica)Value!).Change([.. added.Select(element => (string)element!)], [], null, out _);
        else
            ((TextReplica)Value!).Edit([.. body["edits"]!.AsArray().Select(edit => new TextEdit((int)edit!["at"]!, (string?)edit["insert"], (int?)edit["delete"] ?? 0))], null, out _);
    }

    private JsonObject Describe(VersionVector since)
    {
        var answer = new JsonObject { ["revision"] = _revision, ["type"] = NameOf(Value!), ["version"] = Value!.Version.ToString(), ["lineage"] = Value.Lineage.ToString("x16", CultureInfo.InvariantCulture), ["a later member"] = 1 };
        if (since.Count == 0 || !since.Equals(Value.Version))
            answer["delta"] = Convert.ToBase64String(Value.DeltaSince(since) ?? Value.Encode());
        return answer;
    }

    private HttpResponseMessage Json(JsonObject body) => Response(200, "application/json", body.ToJsonString());

    private HttpResponseMessage Problem(int status, string name, VersionVector? version = null)
    {
        var problem = new JsonObject { ["type"] = $"/docs/http-api#{name}", ["title"] = "A title", ["status"] = status, ["detail"] = name };
        if (version is not null)
            problem["version"] = version.ToString();
        return Response(status, "application/problem+json", problem.ToJsonString());
    }

    private HttpResponseMessage Response(int status, string contentType, string body)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        response.Headers.TryAddWithoutValidation("KvStore-Revision", $"{_revision}");
        return response;
    }

    private static string NameOf(CrdtReplica value) => value.Type switch
    {
        CrdtType.GCounter => "g-counter",
        CrdtType.PNCounter => "pn-counter",
        CrdtType.GSet => "g-set",
        CrdtType.ORSet => "or-set",
        _ => "text",
    };
}

/// <summary>A client's way to the service. It can be cut, and lose requests and answers.</summary>
internal sealed class FakeConnection(FakeMergeableService service) : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly List<Stream> _streams = [];
    private bool _isCut;

    /// <summary>What becomes of a request: whether it arrives, and whether its answer does.</summary>
    public Func<HttpRequestMessage, (bool Arrives, bool IsAnswered)> Fault { get; set; } = _ => (true, true);

    public int Sent { get; private set; }

    public void Cut()
    {
        lock (_lock)
        {
            _isCut = true;
            _streams.ForEach(stream => stream.End());
            _streams.Clear();
        }
    }

    public void Mend()
    {
        lock (_lock)
            _isCut = false;
    }

    public void Add(Stream stream)
    {
        lock (_lock)
            _streams.Add(stream);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        lock (_lock)
        {
            if (_isCut)
                throw new HttpRequestException(HttpRequestError.ConnectionError, "The connection is cut.");
        }

        Sent++;
        var (arrives, isAnswered) = Fault(request);
        var response = arrives ? service.Answer(request, body, this) : null;
        lock (_lock)
        {
            if (isAnswered && response is not null && !_isCut)
                return response;
            Cut();
            _isCut = false;
        }

        throw new HttpRequestException(HttpRequestError.ResponseEnded, "The answer did not arrive.");
    }

    /// <summary>Server-sent events of one watch.</summary>
    public sealed class Stream
    {
        private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0));
        private bool _hasEnded;

        public void Send(string type, JsonObject data)
        {
            lock (_pipe)
            {
                if (_hasEnded)
                    return;
                _pipe.Writer.Write(Encoding.UTF8.GetBytes($"event: {type}\ndata: {data.ToJsonString()}\n\n"));
                _ = _pipe.Writer.FlushAsync().AsTask();
                if (type == "delete")
                    End();
            }
        }

        public void End()
        {
            lock (_pipe)
            {
                if (!_hasEnded)
                    _pipe.Writer.Complete();
                _hasEnded = true;
            }
        }

        public HttpResponseMessage Response(long revision)
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(_pipe.Reader.AsStream()) };
            response.Content.Headers.TryAddWithoutValidation("Content-Type", "text/event-stream");
            response.Headers.TryAddWithoutValidation("KvStore-Revision", $"{revision}");
            return response;
        }
    }
}
