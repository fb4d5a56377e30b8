using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>
/// A copy of a mergeable value that can be read and changed at once, also offline. It is saved, sent and brought up to date in the background: what was done offline is merged when the service is reached
/// again. Thread-safe.
/// </summary>
/// <remarks>
/// Positions in a text are in Unicode scalars. Between a reading and a change, changes of others may be merged: pass the version that was read to <see cref="Edit"/>, and the positions are those of that
/// version. A change is saved before it is sent, so a process that ends loses at most what it has not saved; await <see cref="SaveAsync"/> to be sure.
/// </remarks>
public sealed class KvMergeableReplica : IAsyncDisposable
{
    private readonly ReplicaSync _sync;

    private KvMergeableReplica(ReplicaSync sync)
    {
        _sync = sync;
        sync.Changed = () => Changed?.Invoke(this, EventArgs.Empty);
        sync.StatusChanged = () => StatusChanged?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>Raised after changes of others were merged, on a thread of the pool and one at a time. It must not block, and its exception makes the replica <see cref="KvReplicaStatus.Failed"/> for a while.</summary>
    public event EventHandler? Changed;

    /// <summary>Raised after <see cref="Status"/> or <see cref="Failure"/> has changed; as <see cref="Changed"/>.</summary>
    public event EventHandler? StatusChanged;

    /// <summary>The key of the value.</summary>
    public string Key => _sync.Key;

    /// <summary>The type of the value.</summary>
    public CrdtType Type => _sync.Type;

    /// <summary>The id under which it changes the value. It is another one after the service has retired it, or after a copy of what it saved was used.</summary>
    public ReplicaId Id => _sync.Read(local => local.Id);

    /// <summary>How it stands to the service.</summary>
    public KvReplicaStatus Status => _sync.Status;

    /// <summary>Why it is not connected; null if it is, or has not tried yet.</summary>
    public Exception? Failure => _sync.Failure;

    /// <summary>Whether it has changes that the service is not known to have.</summary>
    public bool HasUnsent => _sync.Read(local => local.HasUnsent);

    /// <summary>What it includes.</summary>
    public VersionVector Version => _sync.Read(local => local.Value.Version);

    /// <summary>The number of a counter.</summary>
    /// <exception cref="InvalidOperationException">It is no counter.</exception>
    public Int128 Number => _sync.Read(local => Of<CounterReplica>(local).Value);

    /// <summary>The elements of a set, in ordinal order.</summary>
    /// <exception cref="InvalidOperationException">It is no set.</exception>
    public IReadOnlyList<string> Elements => _sync.Read<IReadOnlyList<string>>(local => [.. Of<SetReplica>(local).Elements]);

    /// <summary>The text.</summary>
    /// <exception cref="InvalidOperationException">It is no text.</exception>
    public string Text => ReadText().Text;

    /// <summary>
    /// Opens a replica: what was saved, without waiting for the service, or else the value of the service, which is made if it is absent.
    /// </summary>
    /// <param name="client">The client; not disposed of before the replica.</param>
    /// <param name="key">The key.</param>
    /// <param name="type">The type of the value.</param>
    /// <param name="options">Where it is kept; null for in memory only.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="KvStoreException">Nothing was saved, and the service cannot be reached or refuses.</exception>
    /// <exception cref="KvReplicaException">Nothing was saved, and the value has another type.</exception>
    /// <exception cref="InvalidDataException">What was saved is damaged, or of another key or type.</exception>
    public static async Task<KvMergeableReplica> OpenAsync(
        KvStoreClient client, string key, CrdtType type, KvReplicaOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Arguments.Key(key);
        CrdtTypeNames.NameOf(type);
        options ??= new KvReplicaOptions();
        var saved = options.Storage is null ? null : await options.Storage.LoadAsync(cancellationToken).ConfigureAwait(false);
        var local = saved is not null ? ReplicaRecord.Read(saved, key, type, options.Storage!.Place) : LocalReplica.Create(type);
        var sync = new ReplicaSync(client, key, local, options);
        if (saved is null && !options.CreatesOffline)
            await sync.AdoptAsync(repeats: true, isSingle: false, cancellationToken).ConfigureAwait(false);
        var replica = new KvMergeableReplica(sync);
        sync.Start();
        return replica;
    }

    /// <summary>A text with the version that it is, to edit it where others may have changed it since.</summary>
    /// <exception cref="InvalidOperationException">It is no text.</exception>
    public (string Text, VersionVector Version) ReadText() => _sync.Read(local => (Of<TextReplica>(local).GetText(), local.Value.Version));

    /// <summary>Adds to a counter.</summary>
    /// <param name="by">The number to add; less than 0 only for <see cref="CrdtType.PNCounter"/>.</param>
    /// <exception cref="OverflowException">The number would leave 64 bits.</exception>
    /// <exception cref="InvalidOperationException">The type does not have this change, or the replica takes too much memory.</exception>
    public void Increment(long by = 1) => _sync.Change(local => local.Increment(by));

    /// <summary>Adds elements to a set, and removes others.</summary>
    /// <param name="add">Elements to add.</param>
    /// <param name="remove">Elements to remove, as far as this replica has them; only for <see cref="CrdtType.ORSet"/>. Null for none.</param>
    /// <exception cref="ArgumentException">An element has half of a surrogate pair.</exception>
    /// <exception cref="InvalidOperationException">The type does not have this change, or the replica takes too much memory.</exception>
    public void Change(IReadOnlyCollection<string> add, IReadOnlyCollection<string>? remove = null) => _sync.Change(local => local.Change(add, remove ?? [], null));

    /// <summary>Edits a text: all of the edits, or none.</summary>
    /// <param name="edits">The edits, in order: each position is one in the text that the edits before it left.</param>
    /// <param name="baseVersion">The version that the positions are of, from <see cref="ReadText"/>; null for the present one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A position is outside of the text.</exception>
    /// <exception cref="ArgumentException">A text has half of a surrogate pair.</exception>
    /// <exception cref="InvalidOperationException">It is no text, the version is older than what was collected or of another id of this replica, or the replica takes too much memory.</exception>
    public void Edit(IReadOnlyList<TextEdit> edits, VersionVector? baseVersion = null) => _sync.Change(local => local.Edit(edits, baseVersion));

    /// <summary>Inserts text; see <see cref="Edit"/>.</summary>
    /// <param name="at">The position.</param>
    /// <param name="text">The text.</param>
    public void Insert(int at, string text) => Edit([new TextEdit(at, text, 0)]);

    /// <summary>Deletes text; see <see cref="Edit"/>.</summary>
    /// <param name="at">The position.</param>
    /// <param name="count">How many Unicode scalars.</param>
    public void Delete(int at, int count) => Edit([new TextEdit(at, null, count)]);

    /// <summary>Saves everything that was done before the call. Without a storage it does nothing.</summary>
    /// <param name="cancellationToken">Cancels it.</param>
    public Task SaveAsync(CancellationToken cancellationToken = default) => _sync.SaveAsync(cancellationToken);

    /// <summary>Waits until the service has everything that was done before the call, and this replica everything that the service had then. Offline it waits until the service is reached.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KvReplicaException">The value was deleted or replaced.</exception>
    /// <exception cref="KvStoreException">The service refuses this replica.</exception>
    public Task SyncAsync(CancellationToken cancellationToken = default) => _sync.SyncAsync(cancellationToken);

    /// <summary>Takes the value that the service has now under the key, or makes one, under a new id; for a replica whose value was deleted or replaced.</summary>
    /// <param name="repeatsUnsent">Whether changes that the service did not have are made again in it; otherwise they are dropped.</param>
    /// <param name="cancellationToken">Ends the wait, not the restart.</param>
    /// <exception cref="KvStoreException">The service cannot be reached or refuses.</exception>
    public Task RestartAsync(bool repeatsUnsent, CancellationToken cancellationToken = default) => _sync.RestartAsync(repeatsUnsent, cancellationToken);

    /// <summary>Ends the connection, and saves what was done. What was not sent is sent when the replica is opened again.</summary>
    public ValueTask DisposeAsync() => _sync.DisposeAsync();

    private static T Of<T>(LocalReplica local)
        where T : CrdtReplica => local.Value as T ?? throw new InvalidOperationException($"The value is a {CrdtTypeNames.NameOf(local.Value.Type)}.");
}
