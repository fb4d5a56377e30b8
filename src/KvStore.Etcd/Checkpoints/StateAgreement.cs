using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>
/// Compares the state after a mark with those of the other replicas: each writes its hash, and waits for those of the others. Thread-safe.
/// </summary>
/// <remarks>
/// A state is the right one if more than half of the replicas that serve have come to it. Of fewer, the fastest would be right, and it may be the one that has
/// diverged. One that is dead or slow is waited for until it counts as failed, and one that has started after the mark says nothing of it.
/// </remarks>
internal sealed class StateAgreement(IEtcd etcd, EtcdLayout layout, EtcdLogOptions options, TimeProvider time)
{
    /// <summary>How long the hashes of others are waited for: longer than it takes until a replica that has died counts as failed.</summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    /// <summary>Says what state this replica has, and finds out what the others say.</summary>
    /// <param name="id">The checkpoint that the mark is for.</param>
    /// <param name="writer">Names this replica.</param>
    /// <param name="hash">The hash of its state.</param>
    /// <param name="isOver">Whether the checkpoint is written, so that the hashes are deleted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="EtcdException">The hash could not be written.</exception>
    public async Task<Verdict> FindAsync(string id, ulong writer, byte[] hash, Func<bool> isOver, CancellationToken cancellationToken)
    {
        var put = new RequestOp { RequestPut = new PutRequest { Key = layout.Check(id, writer), Value = ByteString.CopyFrom(hash) } };
        await etcd.TxnAsync(new TxnRequest { Success = { put } }, cancellationToken).ConfigureAwait(false);
        var start = time.GetTimestamp();
        var verdict = new Verdict(Agreement.Undecided, 0, 0, 0);
        for (var pause = PauseMin; ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            try
            {
                var checks = layout.ChecksOf(id);
                var found = await etcd.RangeAsync(new RangeRequest { Key = checks, RangeEnd = EtcdLayout.EndOf(checks) }, cancellationToken).ConfigureAwait(false);
                verdict = Judge(hash, [.. found.Kvs.Select(check => check.Value)], options.Serving());
            }
            catch (EtcdException)
            {
                // There is time to ask again.
            }

            if (verdict.Agreement != Agreement.Undecided || isOver() || time.GetElapsedTime(start) >= WaitMax)
                return verdict;
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What follows from the hashes that there are.</summary>
    /// <param name="own">The hash of this replica.</param>
    /// <param name="hashes">The hashes of all that have written theirs, with the own one.</param>
    /// <param name="serving">How many replicas serve, as far as this one knows.</param>
    public static Verdict Judge(byte[] own, IReadOnlyList<ByteString> hashes, int serving)
    {
        var voters = Math.Max(serving, hashes.Count);
        var same = hashes.Count(hash => hash.Span.SequenceEqual(own));
        var most = hashes.Count == 0 ? 0 : hashes.CountBy(hash => hash).Max(group => group.Value);
        var agreement = same * 2 > voters ? Agreement.Agreed
            : most * 2 > voters ? Agreement.Differs
            : (most + voters - hashes.Count) * 2 <= voters ? Agreement.Split
            : Agreement.Undecided;
        return new Verdict(agreement, same, hashes.Count, voters);
    }
}

/// <summary>What the replicas' hashes of one state say.</summary>
/// <param name="Agreement">What follows from them.</param>
/// <param name="Same">How many replicas have the state of this one, with it.</param>
/// <param name="Heard">How many have written their hashes.</param>
/// <param name="Voters">How many there are.</param>
internal readonly record struct Verdict(Agreement Agreement, int Same, int Heard, int Voters);

/// <summary>What follows from the hashes of a state.</summary>
internal enum Agreement
{
    /// <summary>Too few have written theirs.</summary>
    Undecided,

    /// <summary>More than half have the state of this replica.</summary>
    Agreed,

    /// <summary>More than half have another one.</summary>
    Differs,

    /// <summary>No state is that of more than half, and none can become it.</summary>
    Split,
}
