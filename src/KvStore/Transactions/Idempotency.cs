using System.Text;

namespace KvStore;

/// <summary>
/// What makes an operation safe to submit again: its answer is stored in the same commit, under a key that the client chose, and
/// whoever submits the operation with that key again gets that answer.
/// </summary>
/// <param name="key">The client's key; 1 to 128 bytes.</param>
/// <param name="fingerprint">What tells this request from others, at most 255 bytes.</param>
/// <param name="lifetime">How long the answer is remembered.</param>
/// <param name="answerBytesMax">The most bytes that are remembered (<see cref="RejectionReason.TooLarge"/>).</param>
/// <param name="answer">Makes what is remembered. Called by the thread that decides, so it is quick and does not throw.</param>
public sealed class Idempotency(
    ReadOnlySpan<byte> key, ReadOnlyMemory<byte> fingerprint, TimeSpan lifetime, int answerBytesMax, Func<Outcome.Committed, byte[]> answer)
{
    // No user can name a key that starts with a control character.
    private static readonly byte[] Prefix = Encoding.ASCII.GetBytes("\0idempotency/");

    /// <summary>The keys of what is remembered.</summary>
    internal static KeyRange Records { get; } = KeyRange.WithPrefix(Prefix);

    /// <summary>The key that the answer is stored under.</summary>
    internal Key RecordKey { get; } = Key.FromStored([.. Prefix, .. key]);

    /// <summary>Whether an entry is a remembered answer.</summary>
    internal static bool IsRecord(Entry entry) => entry.KeyUtf8.StartsWith(Prefix);

    /// <summary>What an operation gets that was carried out before.</summary>
    internal Outcome Replay(long revision, Entry record)
    {
        var length = record.Value.Span[0];
        return record.Value.Span[1..(1 + length)].SequenceEqual(fingerprint.Span)
            ? new Outcome.Replayed(revision, record.Value[(1 + length)..])
            : new Outcome.IdempotencyKeyReused(revision);
    }

    /// <summary>What is to be remembered; null when it is too large.</summary>
    internal EntryDraft? Record(Outcome.Committed committed, long now)
    {
        var remembered = answer(committed);
        if (remembered.Length > answerBytesMax)
            return null;
        var expiresAt = now + (long)lifetime.TotalMilliseconds;
        var draft = new EntryDraft(RecordKey, 1 + fingerprint.Length + remembered.Length, "", expiresAt);
        var value = draft.Value.Span;
        value[0] = (byte)fingerprint.Length;
        fingerprint.Span.CopyTo(value[1..]);
        remembered.CopyTo(value[(1 + fingerprint.Length)..]);
        return draft;
    }
}
