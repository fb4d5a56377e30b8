using static KvStore.Server.Tests.Need;
using static KvStore.Server.Tests.Samples;

namespace KvStore.Server.Tests;

/// <summary>
/// The rows of the matrix: requests for every endpoint, inside a prefix, outside, and across its edge, and what each needs. Add rows here for each new
/// endpoint. What they need is written down by hand, so that it does not follow the code.
/// </summary>
internal static class MatrixRows
{
    private const string Json = "application/json";

    private static readonly string[] Reading = ["GET", "HEAD"];

    private const Rights ReadWrite = Rights.Read | Rights.Write;
    private const Rights ReadDelete = Rights.Read | Rights.Delete;

    public static IReadOnlyList<MatrixRow> All { get; } = [.. Entries, .. Mergeable, .. Edges, .. Ranges, .. Transactions, .. Bulk, .. Persons, .. Service, .. Origins];

    private static IEnumerable<MatrixRow> Entries =>
    [
        .. Both(GetEntry.At("/v1/kv/IN/text"), 200, Read("IN/text")),
        .. Both(HeadEntry.At("/v1/kv/IN/text"), 200, Read("IN/text")),
        .. Both(GetEntry.At("/v1/kv/IN/absent"), 404, Read("IN/absent")),
        .. Both(GetEntry.At("/v1/kv/IN/text").With("If-None-Match: *"), 304, Read("IN/text")),
        .. Both(GetEntry.At("/v1/kv/IN/text").With("If-Match: \"0\""), 412, Read("IN/text")),
        .. Both(GetEntry.At("/v1/kv/IN/text?revision=0"), 404, Read("IN/text")),
        .. Both(GetEntry.At("/v1/kv/IN/text?wait=0&after=0"), 200, Read("IN/text")),
        .. Both(GetEntry.At("/v1/kv/IN/absent?wait=0&after=0"), 304, Read("IN/absent")),
        .. Both(HeadEntry.At("/v1/kv/IN/text?wait=0&after=0"), 200, Read("IN/text")),
        .. Both(PutEntry.At("/v1/kv/IN/replaced"), 204, Write("IN/replaced")),
        .. Both(PutEntry.At("/v1/kv/IN/fresh?ttl=3600"), 201, Write("IN/fresh")),
        .. Both(PutEntry.At("/v1/kv/IN/replaced").With("Idempotency-Key: IN/matrix"), 204, Write("IN/replaced")),
        .. Both(PutEntry.At("/v1/kv/IN/replaced").With("If-Match: *"), 204, new Need(ReadWrite, "IN/replaced")),
        .. Both(PutEntry.At("/v1/kv/IN/replaced").With("If-None-Match: *"), 412, new Need(ReadWrite, "IN/replaced")),
        .. Both(PutEntry.At("/v1/kv/IN/replaced").With("If-None-Match: \"0\""), 204, new Need(ReadWrite, "IN/replaced")),
        .. Both(PutEntry.At("/v1/kv/IN/replaced").With("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), 412, new Need(ReadWrite, "IN/replaced")),
        .. Both(PatchEntry.At("/v1/kv/IN/json"), 204, Write("IN/json")),
        .. Both(PatchEntry.At("/v1/kv/IN/json?ttl=3600") with { Body = "" }, 204, Write("IN/json")),
        .. Both(PatchEntry.At("/v1/kv/IN/text"), 409, Write("IN/text")),
        .. Both(PatchEntry.At("/v1/kv/IN/absent"), 404, Write("IN/absent")),
        .. Both(PatchEntry.At("/v1/kv/IN/json").With("If-Match: *"), 204, new Need(ReadWrite, "IN/json")),
        .. Both(DeleteEntry.At("/v1/kv/IN/doomed"), 204, Delete("IN/doomed")),
        .. Both(DeleteEntry.At("/v1/kv/IN/absent"), 404, Delete("IN/absent")),
        .. Both(DeleteEntry.At("/v1/kv/IN/doomed").With("If-Match: \"0\""), 412, new Need(ReadDelete, "IN/doomed")),
        .. Both(AppendEntry.At("/v1/kv/IN/queue/"), 201, Write("IN/queue/")),
        .. Both(AddToCounter.At("/v1/counters/IN/number"), 200, new Need(ReadWrite, "IN/number")),
        .. Both(AddToCounter.At("/v1/counters/IN/text"), 409, new Need(ReadWrite, "IN/text")),
        .. Both(AddToCounter.At("/v1/counters/IN/number").With("If-Match: \"0\""), 412, new Need(ReadWrite, "IN/number")),
    ];

    private static IEnumerable<MatrixRow> Mergeable =>
    [
        .. Both(Merge.At("/v1/crdt/IN/likes?type=pn-counter"), 201, new Need(ReadWrite, "IN/likes")),
        .. Both(Merge.At("/v1/crdt/IN/text"), 409, new Need(ReadWrite, "IN/text")),
        .. Both(Merge.At("/v1/crdt/IN/absent"), 404, new Need(ReadWrite, "IN/absent")),
        .. Both(GetMergeable.At("/v1/crdt/IN/text"), 409, Read("IN/text")),
        .. Both(HeadMergeable.At("/v1/crdt/IN/absent"), 404, Read("IN/absent")),
        .. Both(GetMergeable.At("/v1/crdt/IN/text?watch=true"), 409, Read("IN/text")),
        .. Both(GetMergeable.At("/v1/crdt/IN/text?since=AAA"), 409, Read("IN/text")),
        Across(Merge.At("/v1/crdt/team-a0/likes?type=pn-counter").With("If-Match: *"), 412, new Need(ReadWrite, "team-a0/likes")),
    ];

    // What begins like a prefix is not below it, and what follows it immediately is not either.
    private static IEnumerable<MatrixRow> Edges =>
    [
        Across(GetEntry.At("/v1/kv/team-a"), 404, Read("team-a")),
        Across(GetEntry.At("/v1/kv/team-a0"), 404, Read("team-a0")),
        Across(GetEntry.At("/v1/kv/Team-a/text"), 404, Read("Team-a/text")),
        Across(GetEntry.At("/v1/kv/%74eam-a"), 404, Read("team-a")),
        Across(DeleteEntry.At("/v1/kv/team-a0"), 404, Delete("team-a0")),
        Across(AddToCounter.At("/v1/counters/team-a0/text").With("If-Match: *"), 412, new Need(ReadWrite, "team-a0/text")),
        Across(ListEntries.At("/v1/kv?prefix=team-a"), 200, Read("team-a")),
        Across(ListEntries.At("/v1/kv?prefix=team-a0"), 200, Read("team-a0")),
        Across(Watch.At("/v1/watch?prefix=team-a"), 200, Read("team-a")),
        Across(Export.At("/v1/export?prefix=team-a"), 200, Read("team-a")),
    ];

    private static IEnumerable<MatrixRow> Ranges =>
    [
        .. Both(ListEntries.At("/v1/kv?prefix=IN/"), 200, Read("IN/")),
        .. Both(HeadEntries.At("/v1/kv?prefix=IN/"), 200, Read("IN/")),
        .. Both(ListEntries.At("/v1/kv?prefix=IN/&values=true&limit=1"), 200, Read("IN/")),
        .. Both(ListEntries.At("/v1/kv?prefix=IN/&count_only=true"), 200, Read("IN/")),
        .. Both(ListEntries.At("/v1/kv?prefix=IN/&delimiter=/"), 200, Read("IN/")),
        .. Both(ListEntries.At("/v1/kv?cursor=CURSOR(IN/|IN/a)"), 200, Read("IN/")),
        Inside(ListEntries.At("/v1/kv?prefix=IN/&after=OUT/a"), 200, Read("IN/")),
        Inside(ListEntries.At("/v1/kv?cursor=CURSOR(IN/|OUT/a)"), 200, Read("IN/")),
        Across(ListEntries.At("/v1/kv"), 200, Read("")),
        Across(HeadEntries.At("/v1/kv"), 200, Read("")),
        Across(ListEntries.At("/v1/kv?prefix=team-"), 200, Read("team-")),
        Across(ListEntries.At("/v1/kv?after=IN/"), 200, Read("")),
        Across(ListEntries.At("/v1/kv?count_only=true"), 200, Read("")),
        Across(ListEntries.At("/v1/kv?count_only=true&prefix=team-&after=IN/"), 200, Read("team-")),
        Across(ListEntries.At("/v1/kv?delimiter=/"), 200, Read("")),
        Across(ListEntries.At("/v1/kv?delimiter=/&prefix=team-"), 200, Read("team-")),
        Across(ListEntries.At("/v1/kv?cursor=CURSOR(|IN/a)"), 200, Read("")),
        Across(ListEntries.At("/v1/kv?cursor=CURSOR(team-|IN/a)"), 200, Read("team-")),
        .. Both(DeleteEntries.At("/v1/kv?prefix=IN/swept/"), 200, Delete("IN/swept/")),
        Across(DeleteEntries.At("/v1/kv?prefix=team-"), 200, Delete("team-")),
        .. Both(Watch.At("/v1/watch?key=IN/text"), 200, Read("IN/text")),
        .. Both(Watch.At("/v1/watch?prefix=IN/"), 200, Read("IN/")),
        .. Both(Watch.At("/v1/watch?prefix=IN/&initial=true"), 200, Read("IN/")),
        .. Both(HeadWatch.At("/v1/watch?prefix=IN/"), 200, Read("IN/")),
        Across(Watch.At("/v1/watch?prefix="), 200, Read("")),
        Across(Watch.At("/v1/watch?prefix=team-&initial=true"), 200, Read("team-")),
        Across(HeadWatch.At("/v1/watch?prefix=team-"), 200, Read("team-")),
        .. Both(Export.At("/v1/export?prefix=IN/"), 200, Read("IN/")),
        .. Both(HeadExport.At("/v1/export?prefix=IN/"), 200, Read("IN/")),
        Across(Export.At("/v1/export"), 200, Read("")),
        Across(Export.At("/v1/export?prefix=team-"), 200, Read("team-")),
        Across(HeadExport.At("/v1/export"), 200, Read("")),
    ];

    private static IEnumerable<MatrixRow> Transactions =>
    [
        .. Both(Transaction("{\"put\":{\"key\":\"IN/t\",\"json\":1}}"), 200, Write("IN/t")),
        .. Both(Transaction("{\"get\":{\"key\":\"IN/text\"}}"), 200, Read("IN/text")),
        .. Both(Transaction("{\"delete\":{\"key\":\"IN/doomed\"}}"), 200, Delete("IN/doomed")),
        .. Both(Transaction("{\"move\":{\"from\":\"IN/text\",\"to\":\"IN/moved\"}}"), 200, new Need(ReadDelete, "IN/text"), Write("IN/moved")),
        .. Both(Transaction("{\"put\":{\"key\":\"IN/t\",\"json\":1}}", guard: "{\"key\":\"IN/text\",\"exists\":true}"), 200, Read("IN/text"), Write("IN/t")),
        .. Both(Transaction("", guard: "{\"key\":\"IN/text\",\"revision\":0}"), 412, Read("IN/text")),
        Across(Transaction("{\"put\":{\"key\":\"IN/t\",\"json\":1}},{\"put\":{\"key\":\"OUT/t\",\"json\":1}}"), 200, Write("IN/t"), Write("OUT/t")),
        Across(Transaction("{\"get\":{\"key\":\"IN/text\"}},{\"get\":{\"key\":\"OUT/text\"}}"), 200, Read("IN/text"), Read("OUT/text")),
        Across(Transaction("{\"put\":{\"key\":\"IN/t\",\"json\":1}},{\"delete\":{\"key\":\"OUT/doomed\"}}"), 200, Write("IN/t"), Delete("OUT/doomed")),
        Across(Transaction("{\"move\":{\"from\":\"IN/text\",\"to\":\"OUT/moved\"}}"), 200, new Need(ReadDelete, "IN/text"), Write("OUT/moved")),
        Across(Transaction("{\"move\":{\"from\":\"OUT/text\",\"to\":\"IN/moved\"}}"), 200, new Need(ReadDelete, "OUT/text"), Write("IN/moved")),
        Across(Transaction("{\"put\":{\"key\":\"IN/t\",\"json\":1}}", guard: "{\"key\":\"OUT/text\",\"exists\":true}"), 200, Write("IN/t"), Read("OUT/text")),
        Across(Transaction("{\"put\":{\"key\":\"IN/t\",\"json\":1}}", guard: "{\"key\":\"OUT/text\",\"exists\":false}"), 412, Write("IN/t"), Read("OUT/text")),
        Across(Transaction("{\"put\":{\"key\":\"IN/t\",\"json\":1}},{\"put\":{\"key\":\"OUT/t\",\"json\":1}}").With("Idempotency-Key: IN/matrix"), 200, Write("IN/t"), Write("OUT/t")),
    ];

    private static IEnumerable<MatrixRow> Bulk =>
    [
        .. Both(Batch("\"IN/text\",\"IN/absent\""), 200, Read("IN/text"), Read("IN/absent")),
        Across(Batch("\"IN/text\",\"OUT/text\""), 200, Read("IN/text"), Read("OUT/text")),
        Across(Batch("\"IN/text\",\"OUT/absent\""), 200, Read("IN/text"), Read("OUT/absent")),
        .. Both(Imported("{\"key\":\"IN/imported\",\"json\":1}\n"), 200, Write("IN/imported")).Select(row => row with { IsByLine = true }),
        Across(Imported("{\"key\":\"IN/imported\",\"json\":1}\n{\"key\":\"OUT/imported\",\"json\":1}\n"), 200, Write("IN/imported"), Write("OUT/imported")) with { IsByLine = true },
    ];

    private static IEnumerable<MatrixRow> Persons =>
    [
        .. Both(GetPerson.At("/person/get?id=INID").WithBody(Json, ""), 200, Read("person/INID")),
        .. Both(HeadPerson.At("/person/get?id=INID").WithBody(Json, ""), 200, Read("person/INID")),
        .. Both(GetPerson.WithBody(Json, "{\"id\":INID}"), 200, Read("person/INID")),
        .. Both(GetPerson.WithBody(Json, "{\"id\":INID}").With("If-None-Match: *"), 304, Read("person/INID")),
        .. Both(UpdatePerson.WithBody(Json, "{\"id\":INID,\"name\":\"Ada\"}"), 200, Write("person/INID")),
        .. Both(UpdatePerson.WithBody(Json, "{\"id\":INID,\"name\":\"Ada\"}").With("If-Match: *"), 200, new Need(ReadWrite, "person/INID")),
    ];

    private static IEnumerable<MatrixRow> Service =>
    [
        .. new[] { Status, HeadStatus, Cluster, HeadCluster, Invite, HeadInvite, ReadMetrics, HeadMetrics }.Select(request => new MatrixRow("service", request, 200, Admin)),
        new("service", MakeCheckpoint, 409, Admin),
        new("service", ForgetReplica, 404, Admin),
        .. new[] { Live, HeadLive, Ready, HeadReady }.Select(request => new MatrixRow("open", request, 200)),
        .. Reading.SelectMany(method => new MatrixRow[]
        {
            new("open", new Request($"{method} /openapi/v1.json", "/openapi/v1.json"), 200),
            new("open", new Request($"{method} /docs/{{**page}}", "/docs/http-api"), 200),
            new("open", new Request($"{method} /swagger/page.js", "/swagger/page.js"), 200),
            new("open", new Request($"{method} /swagger/page.css", "/swagger/page.css"), 200),
            new("open", new Request($"{method} /", "/"), 302),
            new("open", new Request($"{method} /ui/{{**page}}", "/ui/"), 200),
            new("service", new Request($"{method} /ui/session", "/ui/session"), 200, Known),
        }),
    ];

    // The keys of an origin begin with its prefix, so they are not those of a case.
    private static IEnumerable<MatrixRow> Origins =>
    [
        .. new[] { ListOrigins, HeadOrigins, ListRegions, HeadRegions }.Select(request => new MatrixRow("service", request, 200, Admin)),
        .. new[] { ReadOrigin, HeadOrigin }.Select(request => new MatrixRow("service", request.At("/v1/origins/inside"), 200, Admin)),
        .. new[] { ("inside", "team-a/origin/"), ("outside", "team-b/origin/") }.SelectMany(origin => new MatrixRow[]
        {
            new(origin.Item1, OfOrigin(Invalidate, origin.Item1, $"{{\"keys\":[\"{origin.Item2}1\"]}}"), 200, Write(origin.Item2 + "1")),
            new(origin.Item1, OfOrigin(Invalidate, origin.Item1, $"{{\"prefix\":\"{origin.Item2}\"}}"), 200, Write(origin.Item2)),
            new(origin.Item1, OfOrigin(LoadKeys, origin.Item1, $"{{\"keys\":[\"{origin.Item2}failed\"]}}"), 202, Read(origin.Item2 + "failed")),

            // The origin has none, which only those learn who have the right.
            new(origin.Item1, ListOutbox.At($"/v1/origins/{origin.Item1}/outbox"), 404, Read(origin.Item2)),
            new(origin.Item1, HeadOutbox.At($"/v1/origins/{origin.Item1}/outbox"), 404, Read(origin.Item2)),
            new(origin.Item1, RetryOutbox.At($"/v1/origins/{origin.Item1}/outbox/retry").WithBody(Json, $"{{\"prefix\":\"{origin.Item2}\"}}"), 404, Write(origin.Item2)),
            new(origin.Item1, DropOutbox.At($"/v1/origins/{origin.Item1}/outbox?key={origin.Item2}1"), 404, Write(origin.Item2 + "1")),
            new(origin.Item1, DropOutbox.At($"/v1/origins/{origin.Item1}/outbox?prefix={origin.Item2}"), 404, Write(origin.Item2)),
        }),
    ];

    private static Request OfOrigin(Request request, string origin, string body) => request.At(request.Target.Replace("acme", origin, StringComparison.Ordinal)).WithBody(Json, body);

    private static IEnumerable<MatrixRow> Both(Request request, int status, params Need[] needs)
    {
        var inside = Inside(request, status, needs);
        return [inside, inside.Outside()];
    }

    private static MatrixRow Inside(Request request, int status, params Need[] needs) => new("inside", request, status, needs);

    private static MatrixRow Across(Request request, int status, params Need[] needs) => new("across", request, status, needs);

    private static Request Transaction(string operations, string guard = "") =>
        RunTransaction.WithBody(Json, $"{{\"guards\":[{guard}],\"operations\":[{operations}]}}");

    private static Request Batch(string keys) => GetBatch.WithBody(Json, $"{{\"keys\":[{keys}]}}");

    private static Request Imported(string lines) => ImportEntries.WithBody("application/x-ndjson", lines);
}
