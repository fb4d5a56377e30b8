using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>A record that this replica has sent, until it knows what became of it.</summary>
/// <param name="id">Its name.</param>
/// <param name="transactions">Its transactions.</param>
/// <param name="limits">What their evaluation depends on besides the state; it is in the record too.</param>
/// <param name="manifest">The manifest that it is guarded by.</param>
/// <param name="value">What was sent.</param>
internal sealed class PendingRecord(RecordId id, IReadOnlyList<Transaction> transactions, DecisionLimits limits, KnownManifest manifest, ByteString value)
{
    // The continuation resumes the owner loop, which must not run on the thread that applies records.
    private readonly TaskCompletionSource<Outcome[]?> _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RecordId Id => id;

    /// <summary>The transactions. They are evaluated at most once, because only one record can have this name.</summary>
    public IReadOnlyList<Transaction> Transactions => transactions;

    public DecisionLimits Limits => limits;

    public KnownManifest Manifest => manifest;

    public ByteString Value => value;

    /// <summary>Whether a new image may include it, so that it was never evaluated here.</summary>
    public bool IsSkipped { get; private set; }

    /// <summary>The outcomes; null if a fence took the place of the record.</summary>
    public Task<Outcome[]?> Decided => _decided.Task;

    /// <summary>Whether a record is this one, and not the fence that took its place.</summary>
    public bool Is(ByteString found) => found.Equals(value);

    public void Skip() => IsSkipped = true;

    public void Complete(Outcome[]? outcomes) => _decided.TrySetResult(outcomes);
}
