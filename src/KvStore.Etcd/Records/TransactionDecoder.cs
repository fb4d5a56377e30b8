using System.Collections.Immutable;
using Google.Protobuf;
using static KvStore.Etcd.Records.Operation;

namespace KvStore.Etcd;

/// <summary>Messages to transactions, each field checked: what evaluates a transaction must not throw, on any replica.</summary>
internal static class TransactionDecoder
{
    /// <summary>The transaction of a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="now">The time of its record.</param>
    /// <exception cref="RecordFormatException">A field is not what a client could have sent.</exception>
    public static Transaction Decode(Records.Transaction message, long now)
    {
        var guards = ImmutableArray.CreateBuilder<Guard>(message.Guards.Count);
        foreach (var guard in message.Guards)
            guards.Add(Decode(guard, message.Records.Count > 0));
        var operations = ImmutableArray.CreateBuilder<Operation>(message.Operations.Count);
        foreach (var operation in message.Operations)
            operations.Add(Decode(operation));
        var records = ImmutableArray.CreateBuilder<Operation>(message.Records.Count);
        foreach (var record in message.Records)
            records.Add(DecodeRecord(record));
        try
        {
            return new Transaction(guards.MoveToImmutable(), operations.MoveToImmutable(), records.MoveToImmutable())
            {
                Idempotency = message.Idempotency is { } idempotency ? Decode(idempotency, now) : null,
            };
        }
        catch (ArgumentException exception)
        {
            throw new RecordFormatException($"It is not valid: {exception.Message}", exception);
        }
    }

    private static Guard Decode(Records.Guard message, bool mayBeOfRecord)
    {
        var key = mayBeOfRecord ? AnyKey(message.Key) : UserKey(message.Key);
        Wire.Check(message.Kind is Records.Guard.Types.Kind.RevisionIn or Records.Guard.Types.Kind.RevisionNotIn || message.Revisions.Count == 0, "a guard has revisions and does not use them");
        Wire.Check(message.Kind is Records.Guard.Types.Kind.ModifiedBefore || message.End == 0, "a guard has a time and does not use it");
        return message.Kind switch
        {
            Records.Guard.Types.Kind.Exists => Guard.Exists(key),
            Records.Guard.Types.Kind.Absent => Guard.Absent(key),
            Records.Guard.Types.Kind.RevisionIn => Guard.RevisionIn(key, [.. message.Revisions]),
            Records.Guard.Types.Kind.RevisionNotIn => Guard.RevisionNotIn(key, [.. message.Revisions]),
            Records.Guard.Types.Kind.ModifiedBefore => Guard.ModifiedBefore(key, message.End),
            _ => throw new RecordFormatException($"A guard is of an unknown kind, {message.Kind}."),
        };
    }

    private static Operation Decode(Records.Operation message) => message.KindCase switch
    {
        KindOneofCase.Put => Decode(message.Put),
        KindOneofCase.Append => Decode(message.Append),
        KindOneofCase.Increment => new Increment(UserKey(message.Increment.Key), message.Increment.By, Decode(message.Increment.Expiry)),
        KindOneofCase.MergePatch => Decode(message.MergePatch),
        KindOneofCase.Move => Decode(message.Move),
        KindOneofCase.Delete => new Delete(UserKey(message.Delete.Key)),
        KindOneofCase.DeletePrefix => Decode(message.DeletePrefix),
        KindOneofCase.SetExpiry => new SetExpiry(UserKey(message.SetExpiry.Key), Decode(message.SetExpiry.Expiry)),
        KindOneofCase.Expire => Decode(message.Expire),
        KindOneofCase.Extend => Decode(message.Extend),
        KindOneofCase.Get => new Get(UserKey(message.Get.Key)),
        _ => throw new RecordFormatException("An operation is of an unknown kind; a later version may have written it."),
    };

    private static Operation DecodeRecord(Records.Operation message) => message.KindCase switch
    {
        KindOneofCase.Put when !message.Put.IsRewrite => new Put(Draft(
            AnyKey(message.Put.Key), message.Put.Value, message.Put.ContentType, Wire.ExpiryOf(message.Put.HasExpiresAt, message.Put.ExpiresAt)))
        { Memo = message.Put.Memo },
        KindOneofCase.Delete => new Delete(AnyKey(message.Delete.Key)),
        _ => throw new RecordFormatException("A record of the store's own is neither put nor deleted."),
    };

    private static Put Decode(Records.Put message) => new(Draft(
        UserKey(message.Key), message.Value, message.ContentType, Wire.ExpiryOf(message.HasExpiresAt, message.ExpiresAt)))
    { Memo = message.Memo, IsRewrite = message.IsRewrite };

    private static Extend Decode(Records.Extend message)
    {
        CheckValue(message.Suffix);
        Wire.Check(!message.Suffix.IsEmpty, "an extension adds nothing");
        Wire.Check(message.AtLength >= 0, "a length is negative");
        Wire.Check(StoredFields.FindProblem(message.CreatedRevision) is null, "a revision is out of range");
        return new Extend(UserKey(message.Key), message.CreatedRevision, message.AtLength, message.Suffix.Memory, Decode(message.Expiry));
    }

    private static Append Decode(Records.Append message)
    {
        var expiresAt = Wire.ExpiryOf(message.HasExpiresAt, message.ExpiresAt);
        CheckValue(message.Value);
        return new Append(
            Prefix(message.Prefix, EntryLayout.KeyBytesMax - Append.SuffixBytesMax), message.Value.Memory, Wire.CheckContentType(message.ContentType), Entry.TimeOf(expiresAt));
    }

    private static MergePatch Decode(Records.MergePatch message)
    {
        Wire.Check(message.ValueBytesMax >= 0, "a limit is negative");
        var key = UserKey(message.Key);
        var patch = MergePatch.TryCreate(key, message.Patch.Memory, message.ValueBytesMax, Decode(message.Expiry));
        Wire.Check(patch is not null && patch.Patch.Length == message.Patch.Length, "a merge patch is not JSON");
        if (message.Prepared is { } prepared)
            patch.Use(Decode(key, prepared));
        if (message.MayBeUnprepared)
            patch.AllowUnprepared();
        return patch;
    }

    private static PreparedPatch Decode(Key key, Records.MergePatch.Types.Prepared message)
    {
        Wire.Check(StoredFields.FindProblem(message.Revision) is null, "a revision is out of range");
        Wire.Check(message.ResultCase is not Records.MergePatch.Types.Prepared.ResultOneofCase.None, "a prepared merge patch has no result that this version knows");
        if (message.Replacement is { } replacement)
        {
            var expiresAt = Wire.ExpiryOf(replacement.HasExpiresAt, replacement.ExpiresAt);
            return new PreparedPatch(message.Revision, Draft(key, replacement.Value, replacement.ContentType, expiresAt), null);
        }

        Wire.Check(message.IsNotJson || message.IsTooLarge, "a prepared merge patch has no result");
        return new PreparedPatch(message.Revision, null, message.IsNotJson ? RejectionReason.NotJson : RejectionReason.TooLarge);
    }

    private static Move Decode(Records.Move message)
    {
        var (from, to) = (UserKey(message.From), UserKey(message.To));
        Wire.Check(from != to, "an entry moves to its own key");
        return new Move(from, to);
    }

    private static DeletePrefix Decode(Records.DeletePrefix message)
    {
        Wire.Check(message.EntriesMax >= 0, "a limit is negative");
        return new DeletePrefix(Prefix(message.Prefix, EntryLayout.KeyBytesMax).Utf8, message.EntriesMax);
    }

    // The store's own records expire too.
    private static Expire Decode(Records.Expire message)
    {
        Wire.Check(StoredFields.FindProblem(message.Revision) is null, "a revision is out of range");
        return new Expire(AnyKey(message.Key), message.Revision);
    }

    private static ExpiryUpdate Decode(Records.ExpiryUpdate? message) =>
        message is null ? ExpiryUpdate.Unchanged : ExpiryUpdate.AtMilliseconds(Wire.ExpiryOf(message.HasExpiresAt, message.ExpiresAt));

    private static Idempotency Decode(Records.Idempotency message, long now)
    {
        Wire.Check(message.Key.Length is >= 1 and <= Idempotency.KeyBytesMax, "an idempotency key is empty or too long");
        Wire.Check(message.Fingerprint.Length <= Idempotency.FingerprintBytesMax, "a fingerprint is too long");
        Wire.Check(message.RecordBytesMax >= 0, "a limit is negative");
        Wire.Check(
            message.LifetimeMilliseconds >= 0 && StoredFields.IsTime(message.LifetimeMilliseconds) && StoredFields.IsTime(now + message.LifetimeMilliseconds),
            "the lifetime of an idempotency record is out of range");
        return new Idempotency(message.Key.Span, message.Fingerprint.Memory, TimeSpan.FromMilliseconds(message.LifetimeMilliseconds), message.RecordBytesMax);
    }

    private static EntryDraft Draft(Key key, ByteString value, string contentType, long expiresAt)
    {
        CheckValue(value);
        var draft = new EntryDraft(key, value.Length, Wire.CheckContentType(contentType), expiresAt);
        value.Span.CopyTo(draft.Value.Span);
        return draft;
    }

    private static void CheckValue(ByteString value) => Wire.Check(value.Length <= StoredFields.ValueBytesMax, "a value is too large");

    private static Key AnyKey(ByteString bytes) => ReservedKeys.KindOf(bytes.Span) == ReservedKind.None ? UserKey(bytes) : Wire.KeyOf(bytes);

    private static Key UserKey(ByteString bytes)
    {
        var problem = Key.Check(bytes.Span, EntryLayout.KeyBytesMax);
        return problem == KeyProblem.None ? Wire.KeyOf(bytes) : throw new RecordFormatException($"A key is not valid ({problem}).");
    }

    // It may end in what would be a dot segment if it were a key.
    private static Key Prefix(ByteString bytes, int bytesMax)
    {
        var problem = Key.Check(bytes.Span, bytesMax);
        return problem is KeyProblem.None or KeyProblem.DotSegment ? Wire.KeyOf(bytes) : throw new RecordFormatException($"A prefix is not valid ({problem}).");
    }
}
