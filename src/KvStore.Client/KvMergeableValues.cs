using System.Net;
using System.Text.Json.Serialization.Metadata;
using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>
/// The mergeable values of a service: counters, sets and text (CRDTs). Changes of any number of clients at once are all kept. For a copy that can be changed offline, see
/// <see cref="KvMergeableReplica"/>. Thread-safe; from <see cref="KvStoreClient.Mergeable"/>.
/// </summary>
public sealed partial class KvMergeableValues
{
    internal const string DeltaType = "application/vnd.kvstore.delta+json";

    private const string Json = "application/json";

    private readonly KvStoreClient _client;

    internal KvMergeableValues(KvStoreClient client) => _client = client;

    /// <summary>Adds to a counter, which is made if it is absent.</summary>
    /// <param name="key">The key.</param>
    /// <param name="by">The number to add; less than 0 only for <see cref="CrdtType.PNCounter"/>.</param>
    /// <param name="type">The type that the counter has.</param>
    /// <param name="options">Conditions and lifetime; null for no condition and an unchanged expiry.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvMergeException">The key has an entry of another type, or the type does not have this change.</exception>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    public Task<KvMergeResult> IncrementAsync(
        string key, long by = 1, CrdtType type = CrdtType.PNCounter, KvWriteOptions? options = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(key, type, new WireIncrement(by), Wire.Default.WireIncrement, options, cancellationToken);

    /// <summary>Adds elements to a set, which is made if it is absent, and removes others.</summary>
    /// <param name="key">The key.</param>
    /// <param name="add">Elements to add.</param>
    /// <param name="remove">Elements to remove; only for <see cref="CrdtType.ORSet"/>. Null for none.</param>
    /// <param name="context">What the removals have seen, such as <see cref="KvMergeableValue.Version"/>: what was added after it stays. Null for all that the service has.</param>
    /// <param name="type">The type that the set has.</param>
    /// <param name="options">Conditions and lifetime; null for no condition and an unchanged expiry.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvMergeException">The key has an entry of another type, the type does not have this change, or the context is older than what was collected (410).</exception>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    public Task<KvMergeResult> ChangeAsync(
        string key, IReadOnlyCollection<string> add, IReadOnlyCollection<string>? remove = null, VersionVector? context = null, CrdtType type = CrdtType.ORSet,
        KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(add);
        var removed = remove ?? [];
        foreach (var element in add.Concat(removed))
            Arguments.Text(element);
        return ChangeAsync(key, type, new WireElements(add, removed, context?.ToString()), Wire.Default.WireElements, options, cancellationToken);
    }

    /// <summary>Edits a text, which is made if it is absent.</summary>
    /// <param name="key">The key.</param>
    /// <param name="edits">The edits, in order. Positions are in Unicode scalars, in the text as the edits before left it.</param>
    /// <param name="baseVersion">The version that the positions are of, such as <see cref="KvMergeableValue.Version"/>: what others changed since is merged. Null for the present text.</param>
    /// <param name="options">Conditions and lifetime; null for no condition and an unchanged expiry.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvMergeException">The key has an entry of another type, a position is outside of the text, or the base is older than what was collected (410).</exception>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    public Task<KvMergeResult> EditAsync(
        string key, IReadOnlyList<TextEdit> edits, VersionVector? baseVersion = null, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(edits);
        var wire = new WireEdits(
            [.. edits.Select(edit => new WireEdit(edit.At, edit.Insert is null ? null : Arguments.Text(edit.Insert), edit.Delete == 0 ? null : edit.Delete))], baseVersion?.ToString());
        return ChangeAsync(key, CrdtType.Text, wire, Wire.Default.WireEdits, options, cancellationToken);
    }

    /// <summary>Reads a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The value; null if there is none.</returns>
    /// <exception cref="KvMergeException">The key has an entry that is no mergeable value.</exception>
    public async Task<KvMergeableValue?> GetAsync(string key, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= KvStoreClient.Latest;
        var query = new QueryString(PathOf(key));
        options.AddTo(query);
        var call = new Call(HttpMethod.Get, query.ToString()) { StoreId = options.StoreId, AllowsAbsence = true };
        return await _client.SendAsync<KvMergeableValue?>(call, ValueOf, cancellationToken).ConfigureAwait(false);

        KvMergeableValue ValueOf(Answer answer) =>
            new(key, answer.EntryRevision, answer.Header("KvStore-Version") is { } version ? VersionVector.TryParse(version) : null, JsonElement.Parse(answer.Body));
    }

    /// <summary>Reads what a replica lacks, for those who keep one with <see cref="MergeableValue"/> on their own.</summary>
    /// <param name="key">The key.</param>
    /// <param name="since">What the replica has; null for the full state.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What it lacks; null if there is no value.</returns>
    /// <exception cref="KvMergeException">The key has an entry that is no mergeable value, or the version is older than what was collected (410).</exception>
    public Task<KvMergeableDelta?> GetDeltaAsync(string key, VersionVector? since = null, CancellationToken cancellationToken = default) =>
        _client.SendAsync<KvMergeableDelta?>(DeltaCall(key, since), DeltaOf, cancellationToken);

    /// <summary>Merges what a replica did, and reads what it lacks. The replica's version acknowledges what it has, so that the service may collect garbage.</summary>
    /// <param name="key">The key.</param>
    /// <param name="replica">The replica, with the changes that <paramref name="delta"/> has.</param>
    /// <param name="delta">A delta or a state of the replica; null only to ask.</param>
    /// <param name="create">Whether the value is made if it is absent; the delta is then a full state.</param>
    /// <param name="options">Conditions and lifetime; null for no condition and an unchanged expiry.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown, and the merge may be repeated freely.</param>
    /// <exception cref="KvMergeException">
    /// What precedes the delta is missing: send the delta since <see cref="KvMergeException.Version"/> (<c>replica-gap</c>). The replica is too old, or its id was retired (<c>replica-retired</c>). The key has
    /// another value (<c>other-lineage</c>, <c>other-type</c>, <c>not-mergeable</c>).
    /// </exception>
    /// <exception cref="KvStoreException">The key has no value (404) and <paramref name="create"/> is false.</exception>
    public Task<KvMergeableDelta> MergeAsync(
        string key, CrdtReplica replica, ReadOnlyMemory<byte>? delta, bool create = false, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(replica);
        var change = new WireReplicaChange(replica.Self.ToString(), replica.Version.ToString(), delta, null);
        return _client.SendAsync(MergeCall(key, change, create ? replica.Type : CrdtType.None, options), DeltaOf, cancellationToken);
    }

    /// <summary>The full state; null if there is no value.</summary>
    internal Task<KvMergeableDelta?> GetStateAsync(string key, bool isSingle, CancellationToken cancellationToken) =>
        _client.SendAsync<KvMergeableDelta?>(DeltaCall(key, null) with { IsSingle = isSingle }, DeltaOf, cancellationToken);

    /// <summary>Makes a value if it is absent, by a change that changes nothing.</summary>
    internal Task MakeAsync(string key, CrdtType type, bool isSingle, CancellationToken cancellationToken)
    {
        var nothing = type switch
        {
            CrdtType.Text => """{"edits":[]}"""u8.ToArray(),
            CrdtType.GSet or CrdtType.ORSet => """{"add":[]}"""u8.ToArray(),
            _ => """{"increment":0}"""u8.ToArray(),
        };
        var call = new Call(HttpMethod.Post, new QueryString(PathOf(key)).Add("type", CrdtTypeNames.NameOf(type)).ToString())
        {
            Body = nothing,
            ContentType = Json,
            IsWrite = true,
            IsIdempotent = true,
            IsSingle = isSingle,
        };
        return _client.SendAsync(call, DeltaOf, cancellationToken);
    }

    internal static string LineageOf(CrdtReplica replica) => replica.Lineage.ToString("x16", CultureInfo.InvariantCulture);

    internal static KvMergeableDelta DeltaOf(Answer answer) => answer.Json(Wire.Default.WireMergeable).ToDelta(answer.Revision);

    // A merge has the same result however often it is repeated, so it needs no idempotency key.
    internal static Call MergeCall(string key, WireReplicaChange change, CrdtType create, KvWriteOptions? options) =>
        new(HttpMethod.Post, new QueryString(PathOf(key)).Add("type", create == CrdtType.None ? null : CrdtTypeNames.NameOf(create)).Add("ttl", options?.TimeToLiveSeconds).ToString())
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(change, Wire.Default.WireReplicaChange),
            ContentType = DeltaType,
            Conditions = options,
            StoreId = options?.IfRevision?.StoreId,
            IdempotencyKey = Arguments.IdempotencyKey(options?.IdempotencyKey),
            IsWrite = true,
            IsIdempotent = true,
        };

    private static Call DeltaCall(string key, VersionVector? since) =>
        new(HttpMethod.Get, new QueryString(PathOf(key)).Add("since", since?.ToString()).ToString()) { Accept = DeltaType, AllowsAbsence = true };

    private static string PathOf(string key) => QueryString.PathOf("/v1/crdt/", key);

    private Task<KvMergeResult> ChangeAsync<T>(string key, CrdtType type, T intent, JsonTypeInfo<T> typeInfo, KvWriteOptions? options, CancellationToken cancellationToken)
    {
        options ??= KvStoreClient.Always;
        var target = new QueryString(PathOf(key)).Add("type", CrdtTypeNames.NameOf(type)).Add("ttl", options.TimeToLiveSeconds).ToString();
        var call = new Call(HttpMethod.Post, target) { Body = JsonSerializer.SerializeToUtf8Bytes(intent, typeInfo), ContentType = Json };
        return _client.WriteAsync(
            call, options, answer => answer.Json(Wire.Default.WireMergeable).ToResult(answer.Revision, answer.Status == HttpStatusCode.Created), cancellationToken);
    }
}
