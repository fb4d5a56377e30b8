namespace KvStore.Server.Tests;

/// <summary>A request for every operation that succeeds on a service that was given <see cref="Entries"/>, and what the operations have in common.</summary>
internal static class Samples
{
    private const string Json = "application/json";

    public static readonly Request GetEntry = new("GET /v1/kv/{key}", "/v1/kv/text");
    public static readonly Request HeadEntry = new("HEAD /v1/kv/{key}", "/v1/kv/text");
    public static readonly Request PutEntry = new Request("PUT /v1/kv/{key}", "/v1/kv/replaced").WithBody("text/plain", "value");
    public static readonly Request PatchEntry = new Request("PATCH /v1/kv/{key}", "/v1/kv/json").WithBody("application/merge-patch+json", "{\"b\":2}");
    public static readonly Request DeleteEntry = new("DELETE /v1/kv/{key}", "/v1/kv/doomed");
    public static readonly Request AppendEntry = new Request("POST /v1/kv/{key}", "/v1/kv/queue/").WithBody("text/plain", "value");
    public static readonly Request AddToCounter = new("POST /v1/counters/{key}", "/v1/counters/number");
    public static readonly Request Merge = new Request("POST /v1/crdt/{key}", "/v1/crdt/likes?type=pn-counter").WithBody(Json, "{\"increment\":1}");
    public static readonly Request GetMergeable = new("GET /v1/crdt/{key}", "/v1/crdt/likes");
    public static readonly Request HeadMergeable = new("HEAD /v1/crdt/{key}", "/v1/crdt/likes");
    public static readonly Request ListEntries = new("GET /v1/kv", "/v1/kv");
    public static readonly Request HeadEntries = new("HEAD /v1/kv", "/v1/kv");
    public static readonly Request DeleteEntries = new("DELETE /v1/kv", "/v1/kv?prefix=swept/");
    public static readonly Request Watch = new("GET /v1/watch", "/v1/watch?key=text");
    public static readonly Request HeadWatch = new("HEAD /v1/watch", "/v1/watch?key=text");
    public static readonly Request RunTransaction = new Request("POST /v1/txn", "/v1/txn").WithBody(Json, "{\"operations\":[{\"put\":{\"key\":\"t\",\"json\":1}}]}");
    public static readonly Request GetBatch = new Request("POST /v1/batch/get", "/v1/batch/get").WithBody(Json, "{\"keys\":[\"text\",\"absent\"]}");
    public static readonly Request Export = new("GET /v1/export", "/v1/export");
    public static readonly Request HeadExport = new("HEAD /v1/export", "/v1/export");
    public static readonly Request ImportEntries = new Request("POST /v1/import", "/v1/import").WithBody("application/x-ndjson", "{\"key\":\"imported\",\"json\":1}\n");
    public static readonly Request UpdatePerson = new Request("PUT /person/update", "/person/update").WithBody(Json, "{\"id\":1,\"name\":\"Ada\"}");
    public static readonly Request GetPerson = new Request("GET /person/get", "/person/get").WithBody(Json, "{\"id\":1}");
    public static readonly Request HeadPerson = new Request("HEAD /person/get", "/person/get").WithBody(Json, "{\"id\":1}");
    public static readonly Request Live = new("GET /livez", "/livez");
    public static readonly Request HeadLive = new("HEAD /livez", "/livez");
    public static readonly Request Ready = new("GET /readyz", "/readyz");
    public static readonly Request HeadReady = new("HEAD /readyz", "/readyz");
    public static readonly Request Status = new("GET /v1/status", "/v1/status");
    public static readonly Request HeadStatus = new("HEAD /v1/status", "/v1/status");
    public static readonly Request Cluster = new("GET /v1/cluster", "/v1/cluster");
    public static readonly Request HeadCluster = new("HEAD /v1/cluster", "/v1/cluster");
    public static readonly Request Invite = new("GET /v1/cluster/join", "/v1/cluster/join");
    public static readonly Request HeadInvite = new("HEAD /v1/cluster/join", "/v1/cluster/join");
    public static readonly Request ForgetReplica = new("DELETE /v1/cluster/replicas/{id}", "/v1/cluster/replicas/unknown");
    public static readonly Request ReadMetrics = new("GET /metrics", "/metrics");
    public static readonly Request HeadMetrics = new("HEAD /metrics", "/metrics");
    public static readonly Request MakeCheckpoint = new("POST /v1/admin/checkpoint", "/v1/admin/checkpoint");

    public static readonly Request ListOrigins = new("GET /v1/origins", "/v1/origins");
    public static readonly Request HeadOrigins = new("HEAD /v1/origins", "/v1/origins");
    public static readonly Request ListRegions = new("GET /v1/regions", "/v1/regions");
    public static readonly Request HeadRegions = new("HEAD /v1/regions", "/v1/regions");
    public static readonly Request ReadOrigin = new("GET /v1/origins/{name}", "/v1/origins/acme");
    public static readonly Request HeadOrigin = new("HEAD /v1/origins/{name}", "/v1/origins/acme");
    public static readonly Request Invalidate = new Request("POST /v1/origins/{name}/invalidate", "/v1/origins/acme/invalidate").WithBody(Json, "{\"keys\":[\"rates/1\"]}");
    public static readonly Request LoadKeys = new Request("POST /v1/origins/{name}/load", "/v1/origins/acme/load").WithBody(Json, "{\"keys\":[\"rates/failed\"]}");

    public static readonly Request ListOutbox = new("GET /v1/origins/{name}/outbox", "/v1/origins/later/outbox");
    public static readonly Request HeadOutbox = new("HEAD /v1/origins/{name}/outbox", "/v1/origins/later/outbox");
    public static readonly Request RetryOutbox = new Request("POST /v1/origins/{name}/outbox/retry", "/v1/origins/later/outbox/retry").WithBody(Json, "{\"prefix\":\"later/\"}");
    public static readonly Request DropOutbox = new("DELETE /v1/origins/{name}/outbox", "/v1/origins/later/outbox?key=later/none");

    public static readonly Request[] OfOutbox = [ListOutbox, HeadOutbox, RetryOutbox, DropOutbox];

    /// <summary>What the samples are about, in the order in which it is stored.</summary>
    public static readonly (string Key, string Value)[] Entries =
    [
        ("text", "text"), ("json", "{\"a\":1}"), ("number", "7"), ("largest", "9223372036854775807"), ("replaced", "text"), ("doomed", "text"),
        ("swept/1", "text"), ("many/1", "text"), ("many/2", "text"), ("expiring?ttl=3600", "text"),
        ("person/1", "{\"id\":1,\"name\":\"Ada\"}"), ("person/2?ttl=3600", "{\"id\":2,\"name\":\"Bob\"}"),
    ];

    /// <summary>The mergeable values of the samples: keys and what makes them.</summary>
    public static readonly (string Key, string Intent)[] Mergeable =
        [("likes?type=pn-counter", "{\"increment\":1}"), ("expiring-likes?type=pn-counter&ttl=3600", "{\"increment\":1}"), ("note?type=text", "{\"edits\":[]}"), ("person/6?type=text", "{\"edits\":[]}")];

    /// <summary>Reads of one entry, with conditions.</summary>
    public static readonly Request[] EntryReads = [GetEntry, HeadEntry, GetPerson, HeadPerson, GetMergeable, HeadMergeable];

    /// <summary>Reads of a state, which may be an older one.</summary>
    public static readonly Request[] StateReads = [.. EntryReads, ListEntries, HeadEntries, Export, HeadExport, GetBatch];

    /// <summary>Everything that reads.</summary>
    public static readonly Request[] AllReads = [.. StateReads, Watch, HeadWatch];

    /// <summary>Writes of one entry, with conditions.</summary>
    public static readonly Request[] EntryWrites = [PutEntry, PatchEntry, DeleteEntry, AddToCounter, Merge, UpdatePerson];

    /// <summary>Writes that take an Idempotency-Key.</summary>
    public static readonly Request[] RepeatableWrites = [.. EntryWrites, AppendEntry, DeleteEntries, RunTransaction];

    /// <summary>Everything that writes entries.</summary>
    public static readonly Request[] AllWrites = [.. RepeatableWrites, ImportEntries];

    /// <summary>Whatever takes JSON of a limited size.</summary>
    public static readonly Request[] WithJson = [RunTransaction, GetBatch, Merge, UpdatePerson, GetPerson, HeadPerson, Invalidate, LoadKeys, RetryOutbox];

    /// <summary>Whatever takes a body of a limited size.</summary>
    public static readonly Request[] WithLimitedBody = [.. WithJson, PutEntry, PatchEntry, AppendEntry];

    /// <summary>Whatever takes a body.</summary>
    public static readonly Request[] WithBody = [.. WithLimitedBody, ImportEntries];

    /// <summary>Whatever reads its query, and so refuses parameters that it does not know.</summary>
    public static readonly Request[] WithQuery = [.. AllReads, .. AllWrites, MakeCheckpoint, ForgetReplica, Invite, HeadInvite, ListRegions, HeadRegions, ListOrigins, HeadOrigins, ReadOrigin, HeadOrigin, Invalidate, LoadKeys, .. OfOutbox];

    /// <summary>Whatever is about the service, not about entries.</summary>
    public static readonly Request[] Operating = [MakeCheckpoint, Status, HeadStatus, Cluster, HeadCluster, Invite, HeadInvite, ForgetReplica, ReadMetrics, HeadMetrics, ListRegions, HeadRegions, ListOrigins, HeadOrigins, ReadOrigin, HeadOrigin];

    /// <summary>Whatever needs a key, if there are keys.</summary>
    public static readonly Request[] Protected = [.. AllReads, .. AllWrites, .. Operating, Invalidate, LoadKeys, .. OfOutbox];

    /// <summary>Every operation.</summary>
    public static readonly Request[] All = [.. Protected, Live, HeadLive, Ready, HeadReady];
}
