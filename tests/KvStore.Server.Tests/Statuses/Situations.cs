using static KvStore.Server.Tests.Producer;
using static KvStore.Server.Tests.Samples;

namespace KvStore.Server.Tests;

/// <summary>
/// The table of producers: how a real service answers with every status of every operation. Add a line here for each documented status
/// that produces it.
/// </summary>
internal static class Situations
{
    private const string Used = "Idempotency-Key: used";

    private static readonly Request WithGuard = RunTransaction.WithBody("application/json", "{\"guards\":[{\"key\":\"text\",\"exists\":false}],\"operations\":[]}");

    public static readonly Situation[] All =
    [
        new("running", SituationServers.RunningAsync,
            Success(200, GetEntry, HeadEntry, GetPerson, HeadPerson, GetMergeable, HeadMergeable, ListEntries, HeadEntries, Export, HeadExport, GetBatch, Watch, HeadWatch),
            Success(200, AddToCounter, Merge, DeleteEntries, RunTransaction, ImportEntries, ImportEntries.With("Accept: application/x-ndjson"), UpdatePerson),
            Success(200, Live, HeadLive, Ready, HeadReady, Status, HeadStatus, Cluster, HeadCluster, Invite, HeadInvite, ReadMetrics, HeadMetrics, MakeCheckpoint),
            Success(201, AppendEntry, PutEntry.At("/v1/kv/created"), Merge.At("/v1/crdt/created-likes?type=g-counter")),
            Success(200, GetMergeable.WithQuery("since=AAA"), GetMergeable.With("Accept: text/plain"), GetMergeable.WithQuery("watch=true"), HeadMergeable.WithQuery("watch=true"), Merge.WithBody("application/vnd.kvstore.delta+json", "{\"version\":\"AAA\"}")),
            Rejection(404, "not-found", Merge.At("/v1/crdt/absent"), GetMergeable.At("/v1/crdt/absent"), HeadMergeable.At("/v1/crdt/absent"), GetMergeable.At("/v1/crdt/absent?watch=true")),
            Rejection(409, "not-mergeable", Merge.At("/v1/crdt/text"), Merge.At("/v1/crdt/rates/1"), GetMergeable.At("/v1/crdt/text"), HeadMergeable.At("/v1/crdt/text")),
            Rejection(409, "other-type", Merge.At("/v1/crdt/likes?type=text")),
            Rejection(409, "mergeable-value", PutEntry.At("/v1/kv/likes"), PatchEntry.At("/v1/kv/likes"), AddToCounter.At("/v1/counters/likes"), UpdatePerson.WithBody("application/json", "{\"id\":6,\"name\":\"Eve\"}"), RunTransaction.WithBody("application/json", "{\"operations\":[{\"put\":{\"key\":\"likes\",\"json\":1}}]}")),
            Rejection(415, "unsupported-media-type", new[] { PutEntry, AppendEntry }, request => request.WithBody("application/vnd.kvstore.crdt", "x")),
            Rejection(422, "unsupported-intent", Merge.WithBody("application/json", "{\"add\":[\"a\"]}")),
            Rejection(422, "out-of-range", Merge.At("/v1/crdt/note").WithBody("application/json", "{\"edits\":[{\"at\":1,\"insert\":\"a\"}]}")),
            Rejection(413, "too-large", Merge.At("/v1/crdt/note").WithBody("application/json", $"{{\"edits\":[{{\"at\":0,\"insert\":\"{new string('b', 3000)}\"}}]}}")),
            Success(204, PutEntry, PatchEntry, DeleteEntry),
            Success(200, ExpiringReads),
            Success(200, ListRegions, HeadRegions, ListOrigins, HeadOrigins, ReadOrigin, HeadOrigin, Invalidate, Invalidate.WithBody("application/json", "{\"prefix\":\"rates/\"}")),
            Success(202, LoadKeys),
            Success(200, [.. OfOutbox, DropOutbox.At("/v1/origins/later/outbox?prefix=later/none")]),
            Rejection(404, "no-outbox", ListOutbox.At("/v1/origins/acme/outbox"), HeadOutbox.At("/v1/origins/acme/outbox"), RetryOutbox.At("/v1/origins/acme/outbox/retry").WithBody("application/json", "{\"keys\":[\"rates/1\"]}"), DropOutbox.At("/v1/origins/acme/outbox?key=rates/1")),
            Rejection(409, "origin-needs-keys", AppendEntry.At("/v1/kv/later/q/"), DeleteEntries.At("/v1/kv?prefix=later/")),
            Rejection(429, "outbox-full", PutEntry.At("/v1/kv/later/1"), DeleteEntry.At("/v1/kv/later/1"), AddToCounter.At("/v1/counters/later/1"), RunTransaction.WithBody("application/json", "{\"operations\":[{\"delete\":{\"key\":\"later/1\"}}]}")),
            Rejection(429, "outbox-full", ImportEntries.WithBody("application/x-ndjson", "{\"key\":\"later/1\",\"json\":1}")),
            Success(200, OfOrigin("found")),
            Success(304, [.. OfOrigin("found").Select(read => read.With("If-None-Match: *"))]),
            Rejection(404, "not-found", OfOrigin("absent")),
            Rejection(502, "origin-failed", OfOrigin("failed")),
            Rejection(503, "origin-unavailable", OfOrigin("throttled")),
            Rejection(504, "origin-timeout", OfOrigin("slow")),
            Rejection(504, "not-cached", OfOrigin("new"), request => request.With("Cache-Control: only-if-cached")),
            Rejection(429, "too-many-loads", OfOrigin("many")),
            Rejection(404, "no-such-origin", [ReadOrigin, HeadOrigin, Invalidate, LoadKeys, .. OfOutbox], request => request.At(request.Target.Replace("acme", "none", StringComparison.Ordinal).Replace("later/outbox", "none/outbox", StringComparison.Ordinal))),
            Rejection(409, "origin-refuses-writes", PutEntry.At("/v1/kv/rates/1"), DeleteEntry.At("/v1/kv/rates/1"), PatchEntry.At("/v1/kv/rates/1"), AppendEntry.At("/v1/kv/rates/q/"), AddToCounter.At("/v1/counters/rates/1")),
            Rejection(409, "origin-refuses-writes", DeleteEntries.At("/v1/kv?prefix=ra"), RunTransaction.WithBody("application/json", "{\"operations\":[{\"delete\":{\"key\":\"rates/1\"}}]}"), UpdatePerson.WithBody("application/json", "{\"id\":7,\"name\":\"Eve\"}")),
            Success(201, PutEntry.At("/v1/kv/aside/1"), PutEntry.At("/v1/kv/aside/2")),
            Success(200, GetEntry.At("/v1/kv/aside/1"), HeadEntry.At("/v1/kv/aside/1"), HeadEntry.At("/v1/kv/aside/2"), GetEntry.At("/v1/kv/aside/2")),
            Rejection(404, "not-found", GetEntry.At("/v1/kv/aside/3"), HeadEntry.At("/v1/kv/aside/3"), HeadEntry.At("/v1/kv/aside/4"), GetEntry.At("/v1/kv/aside/4")),
            Rejection(412, "load-token-outdated", new[] { PutEntry.At("/v1/kv/aside/5"), DeleteEntry.At("/v1/kv/aside/5") }, request => request.With("KvStore-Load-Token: old")),
            Success(204, PatchEntry.At("/v1/kv/through/number"), DeleteEntry.At("/v1/kv/through/found")),
            Rejection(502, "origin-refused-write", WritesThrough("refused", 81)),
            Rejection(504, "origin-write-unknown", WritesThrough("unknown", 82)),
            Rejection(503, "origin-unavailable", PutEntry.At("/v1/kv/through/busy")),
            Rejection(502, "origin-failed", WritesThrough("failed", 83), request => request.With("If-Match: *")),
            Rejection(504, "origin-timeout", WritesThrough("slow", 84), request => request.With("If-Match: *")),
            Rejection(429, "too-many-loads", DeleteEntry.At("/v1/kv/through/many")),
            Rejection(409, "origin-takes-single-writes", AppendEntry.At("/v1/kv/through/q/"), DeleteEntries.At("/v1/kv?prefix=th"), RunTransaction.WithBody("application/json", "{\"operations\":[{\"delete\":{\"key\":\"through/1\"}}]}")),
            Rejection(400, "malformed-request", Invalidate.WithBody("application/json", "{\"keys\":[\"elsewhere\"]}"), LoadKeys.WithBody("application/json", "{\"prefix\":\"rates/\"}"), DropOutbox.At("/v1/origins/later/outbox")),
            Success(304, [.. EntryReads.Concat(ExpiringReads).Select(read => read.With("If-None-Match: *"))]),
            Success(304, GetEntry.At("/v1/kv/absent?wait=0&after=0"), HeadEntry.At("/v1/kv/absent?wait=0&after=0")),
            Rejection(400, "malformed-request", WithQuery, request => request.WithQuery("parametre=1")),
            Rejection(400, "malformed-request", Samples.All, request => request with { Headers = [] }),
            Rejection(400, "malformed-key", GetEntry, HeadEntry, PutEntry, PatchEntry, DeleteEntry, AppendEntry).Select(OfBadKey),
            Rejection(403, "foreign-origin", Samples.All, request => request.With("Service-Worker: script")),
            Rejection(404, "not-found", GetEntry, HeadEntry, PatchEntry, DeleteEntry).Select(OfAbsentKey),
            Rejection(410, "revision-gone", GetEntry.WithQuery("wait=0&after=1000000"), HeadEntry.WithQuery("wait=0&after=1000000")),
            Rejection(410, "other-store", Samples.All, request => request.With("KvStore-Store-Id: 0123456789abcdef")),
            Rejection(404, "no-such-replica", ForgetReplica),
            Rejection(404, "not-found", GetPerson.At("/person/get?id=9"), HeadPerson.At("/person/get?id=9")),
            Rejection(409, "not-a-number", AddToCounter.At("/v1/counters/text")),
            Rejection(409, "overflow", AddToCounter.At("/v1/counters/largest")),
            Rejection(409, "not-json", PatchEntry.At("/v1/kv/text")),
            Rejection(409, "too-many-entries", DeleteEntries.At("/v1/kv?prefix=many/")),
            Rejection(412, "precondition-failed", [.. EntryReads, .. EntryWrites.Except([DeleteEntry])], request => request.With("If-Match: \"0\"")),
            Rejection(412, "precondition-failed", DeleteEntry.At("/v1/kv/text").With("If-Match: \"0\""), PutEntry.At("/v1/kv/absent").With("If-Match: *"), WithGuard),
            Rejection(413, "too-large", WithLimitedBody, request => request with { AnnouncedBytes = 100_000_000, Body = "" }),
            Rejection(413, "too-large", PatchEntry.WithBody("application/merge-patch+json", $"{{\"b\":\"{new string('b', 1990)}\"}}")),
            Rejection(413, "too-large", GetBatch.WithBody("application/json", "{\"keys\":[\"text\",\"json\",\"number\",\"largest\"]}")),
            Rejection(413, "too-large", RunTransaction.WithBody("application/json", ManyReads).With("Idempotency-Key: large")),
            Rejection(414, "target-too-long", Samples.All, request => request.WithQuery(new string('a', 20_000))),
            Rejection(415, "unsupported-media-type", [.. WithJson, PatchEntry], request => request.WithBody("text/plain", request.Body)),
            Rejection(415, "unsupported-media-type", WithBody, request => request.With("Content-Encoding: gzip")),
            Rejection(417, "expectation-failed", Samples.All, request => request.With("Expect: applause")),
            Rejection(421, "misdirected-request", Samples.All, request => request with { Headers = [.. request.Headers.Skip(1), "Host: attacker.example"] }),
            Rejection(431, "headers-too-large", Samples.All, request => request.With("X: " + new string('a', 40_000))),
            Rejection(503, "revision-not-reached", AllReads, request => request.WithQuery("min_revision=1000000"))),
        new("every write was made before with an Idempotency-Key", SituationServers.WrittenBeforeAsync,
            Success(200, Again(AddToCounter, Merge, DeleteEntries, RunTransaction, UpdatePerson)),
            Success(201, Again(AppendEntry, PutEntry.At("/v1/kv/created"), Merge.At("/v1/crdt/created-likes?type=g-counter"))),
            Success(204, Again(PutEntry, PatchEntry, DeleteEntry)),
            Rejection(422, "idempotency-key-reused", RepeatableWrites, request => request.With(Used))),
        new("requests need a key", SituationServers.WithKeysAsync,
            Rejection(401, "unauthorized", Protected),
            Rejection(401, "unauthorized", Protected, request => request.With($"Authorization: Bearer {KeyToken.New()}")),
            Rejection(403, "forbidden", Protected, request => request.With($"X-Api-Key: {(Operating.Contains(request) ? TestKeys.Entries : TestKeys.Admin)}"))),
        new("the client has used up what it may", SituationServers.LimitedAsync, Rejection(429, "rate-limited", Protected)),
        new("the engine keeps no files", () => KvServer.StartAsync(), Rejection(409, "engine-without-files", MakeCheckpoint)),
        new("there are other replicas", SituationServers.WithReplicasAsync,
            Success(204, ForgetReplica.At("/v1/cluster/replicas/failed")),
            Rejection(409, "replica-alive", ForgetReplica.At("/v1/cluster/replicas/alive")),
            Rejection(503, "unavailable", ForgetReplica.At("/v1/cluster/replicas/unreachable"))),
        new("loading", SituationServers.LoadingAsync, Rejection(503, "unavailable", [.. AllReads, .. AllWrites, Invalidate, LoadKeys, .. OfOutbox, Ready, HeadReady]),
            Rejection(503, "unavailable", Samples.All, request => request.With("KvStore-Store-Id: 0123456789abcdef"))),
        new("stopped", SituationServers.StoppedAsync, Rejection(503, "unavailable", [.. AllWrites, Invalidate, Watch, HeadWatch, Ready, HeadReady, MakeCheckpoint])),
        new("the disk has failed", SituationServers.FailedDiskAsync, Rejection(503, "unavailable", [.. AllWrites, Ready, HeadReady, MakeCheckpoint])),
        new("the disk is full", SituationServers.FullDiskAsync, Rejection(507, "no-space", [.. AllWrites, Invalidate, MakeCheckpoint])),
        new("the outcome of a commit is unknown", SituationServers.UnknownAsync, Rejection(504, "unknown-outcome", [.. AllWrites, Invalidate])),
        new("etcd cannot be reached", SituationServers.UnreachableAsync,
            Rejection(503, "unreachable", [.. AllReads, .. AllWrites, Invalidate]),
            Success(200, GetEntry, HeadEntry, GetPerson, HeadPerson, GetMergeable, HeadMergeable, ListEntries, HeadEntries, Export, HeadExport, GetBatch, Watch, HeadWatch).Select(producer => producer with { Request = producer.Request.WithQuery("consistency=local") }),
            Success(200, Ready, HeadReady, Status, HeadStatus)),
        new("the queue is full", SituationServers.FullQueueAsync, Rejection(429, "queue-full", [.. AllWrites, Invalidate])),
        new("the memory for entries is full", SituationServers.FullMemoryAsync,
            Rejection(507, "memory-full", PutEntry.At("/v1/kv/created"), PatchEntry, AppendEntry, AddToCounter.At("/v1/counters/fresh"), Merge.At("/v1/crdt/fresh?type=g-counter"), RunTransaction, ImportEntries, UpdatePerson.WithBody("application/json", "{\"id\":3,\"name\":\"Eve\"}")),
            Success(204, PutEntry.WithBody("text/plain", "x"), DeleteEntry),
            Success(200, AddToCounter, DeleteEntries)),
        new("as many records as may be", SituationServers.FullRecordsAsync, Rejection(503, "overloaded", RepeatableWrites, request => request.With(Used))),
        new("bodies and imports take all the memory that they may", SituationServers.FullOfBodiesAsync,
            Rejection(503, "overloaded", WithLimitedBody, request => request with { AnnouncedBytes = 5000, Body = "" }),
            Rejection(503, "overloaded", ImportEntries)),
        new("reads take all the memory that they may", SituationServers.FullOfReadsAsync,
            Rejection(503, "overloaded", StateReads, request => request.WithQuery("revision=1")),
            Rejection(503, "overloaded", GetEntry.At("/v1/kv/large"), GetBatch.WithBody("application/json", "{\"keys\":[\"large\"]}"), RunTransaction.WithBody("application/json", "{\"operations\":[{\"get\":{\"key\":\"large\"}}]}"))),
        new("as many watch as may", () => KvServer.StartAsync(("WatchersMax", "0")), Rejection(429, "too-many-watchers", GetEntry.WithQuery("wait=0"), HeadEntry.WithQuery("wait=0"), Watch, HeadWatch)),
        new("as many watch as may, one of them a mergeable value", SituationServers.WatchedAsync, Rejection(429, "too-many-watchers", GetMergeable.WithQuery("watch=true"), HeadMergeable.WithQuery("watch=true"))),
        new("the history is forgotten", SituationServers.ForgottenAsync,
            Rejection(410, "revision-gone", StateReads, request => request.WithQuery("revision=1")),
            Rejection(410, "revision-gone", Watch.WithQuery("after=1"), HeadWatch.WithQuery("after=1"))),
        new("garbage of a mergeable value was collected", SituationServers.CollectedAsync,
            Rejection(410, "replica-retired", Merge.At("/v1/crdt/collected").WithBody("application/json", "{\"edits\":[{\"at\":0,\"insert\":\"a\"}],\"base\":\"AAA\"}"), GetMergeable.At("/v1/crdt/collected?since=AAA"), HeadMergeable.At("/v1/crdt/collected?since=AAA"), GetMergeable.At("/v1/crdt/collected?watch=true&since=AAA"))),
        new("the network is slow in the body", SituationServers.ImpatientAsync,
            Rejection(408, "body-too-slow", [.. WithLimitedBody, ImportEntries], request => request with { AnnouncedBytes = request.Body.Length + 1 })) { IsSlow = true },
        new("the network is slow in the headers", SituationServers.ImpatientAsync,
            Rejection(408, "body-too-slow", Samples.All, request => request with { IsUnfinished = true, Body = "" })) { IsSlow = true },
    ];

    private static Request[] OfOrigin(string name) => [GetEntry.At("/v1/kv/rates/" + name), HeadEntry.At("/v1/kv/rates/" + name)];

    // Of keys of their own, because one that is unknown keeps others from being written.
    private static Request[] WritesThrough(string name, int person) =>
    [
        PutEntry.At("/v1/kv/through/put/" + name), PatchEntry.At("/v1/kv/through/patch/" + name), DeleteEntry.At("/v1/kv/through/delete/" + name), AddToCounter.At("/v1/counters/through/add/" + name),
        UpdatePerson.WithBody("application/json", $"{{\"id\":{person},\"name\":\"Eve\"}}"),
    ];

    private static Request[] ExpiringReads =>
        [GetMergeable.At("/v1/crdt/expiring-likes"), HeadMergeable.At("/v1/crdt/expiring-likes"), GetEntry.At("/v1/kv/expiring"), HeadEntry.At("/v1/kv/expiring"), GetPerson.At("/person/get?id=2"), HeadPerson.At("/person/get?id=2")];

    private static Request[] Again(params Request[] writes) => [.. writes.Select(SituationServers.WithOwnKey)];

    private static string ManyReads => $"{{\"operations\":[{{\"put\":{{\"key\":\"t\",\"json\":1}}}},{string.Join(',', Enumerable.Repeat("{\"get\":{\"key\":\"text\"}}", 90))}]}}";

    private static Producer OfBadKey(Producer producer) => producer with { Request = producer.Request.At("/v1/kv/a/../b/") };

    private static Producer OfAbsentKey(Producer producer) => producer with { Request = producer.Request.At("/v1/kv/absent") };
}
