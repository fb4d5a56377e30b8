using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>Transactions to messages, without a copy of their values.</summary>
internal static class TransactionEncoder
{
    /// <summary>The message of a transaction.</summary>
    public static Records.Transaction Encode(Transaction transaction)
    {
        var message = new Records.Transaction();
        foreach (var guard in transaction.Guards)
            message.Guards.Add(Encode(guard));
        foreach (var operation in transaction.Operations)
            message.Operations.Add(Encode(operation));
        foreach (var record in transaction.Records)
            message.Records.Add(Encode(record));
        if (transaction.Idempotency is { } idempotency)
        {
            message.Idempotency = new Records.Idempotency
            {
                Key = ByteString.CopyFrom(idempotency.Key),
                Fingerprint = Wire.Bytes(idempotency.Fingerprint),
                LifetimeMilliseconds = idempotency.LifetimeMilliseconds,
                RecordBytesMax = idempotency.RecordBytesMax,
            };
        }

        return message;
    }

    private static Records.Guard Encode(Guard guard)
    {
        var message = new Records.Guard
        {
            Key = Wire.Bytes(guard.Key),
            Kind = guard.Kind switch
            {
                GuardKind.Exists => Records.Guard.Types.Kind.Exists,
                GuardKind.Absent => Records.Guard.Types.Kind.Absent,
                GuardKind.RevisionIn => Records.Guard.Types.Kind.RevisionIn,
                GuardKind.RevisionNotIn => Records.Guard.Types.Kind.RevisionNotIn,
                GuardKind.UnmodifiedSince => Records.Guard.Types.Kind.ModifiedBefore,
                _ => throw new ArgumentException($"Unknown guard kind {guard.Kind}.", nameof(guard)),
            },
            End = guard.EndMilliseconds,
        };
        foreach (var revision in guard.Revisions)
            message.Revisions.Add(revision);
        return message;
    }

    private static Records.Operation Encode(Operation operation) => operation switch
    {
        Put put => new Records.Operation { Put = Encode(put) },
        Append append => new Records.Operation { Append = Encode(append) },
        Increment increment => new Records.Operation
        {
            Increment = new Records.Increment { Key = Wire.Bytes(increment.Key), By = increment.By, Expiry = Encode(increment.Expiry) },
        },
        MergePatch patch => new Records.Operation { MergePatch = Encode(patch) },
        Move move => new Records.Operation { Move = new Records.Move { From = Wire.Bytes(move.Key), To = Wire.Bytes(move.To) } },
        Delete => new Records.Operation { Delete = new Records.Delete { Key = Wire.Bytes(operation.Key) } },
        DeletePrefix prefix => new Records.Operation
        {
            DeletePrefix = new Records.DeletePrefix { Prefix = Wire.Bytes(prefix.Key), EntriesMax = prefix.EntriesMax },
        },
        SetExpiry set => new Records.Operation { SetExpiry = new Records.SetExpiry { Key = Wire.Bytes(set.Key), Expiry = Encode(set.Expiry) } },
        Expire expire => new Records.Operation { Expire = new Records.Expire { Key = Wire.Bytes(expire.Key), Revision = expire.Revision } },
        Extend extend => new Records.Operation
        {
            Extend = new Records.Extend
            {
                Key = Wire.Bytes(extend.Key),
                CreatedRevision = extend.CreatedRevision,
                AtLength = extend.AtLength,
                Suffix = Wire.Bytes(extend.Suffix),
                Expiry = Encode(extend.Expiry),
            },
        },
        Get => new Records.Operation { Get = new Records.Get { Key = Wire.Bytes(operation.Key) } },
        _ => throw new ArgumentException($"Unknown operation {operation.GetType().Name}.", nameof(operation)),
    };

    private static Records.Put Encode(Put put)
    {
        var message = new Records.Put { Key = Wire.Bytes(put.Key), Value = Wire.Bytes(put.Value), ContentType = put.ContentType, Memo = put.Memo, IsRewrite = put.IsRewrite };
        if (put.ExpiresAtMilliseconds is not Entry.Never and var expiresAt)
            message.ExpiresAt = expiresAt;
        return message;
    }

    private static Records.Append Encode(Append append)
    {
        var message = new Records.Append { Prefix = Wire.Bytes(append.Key), Value = Wire.Bytes(append.Value), ContentType = append.ContentType };
        if (append.ExpiresAtMilliseconds is not Entry.Never and var expiresAt)
            message.ExpiresAt = expiresAt;
        return message;
    }

    private static Records.ExpiryUpdate? Encode(ExpiryUpdate update)
    {
        if (!update.Replaces)
            return null;
        var message = new Records.ExpiryUpdate();
        if (update.ExpiresAtMilliseconds is not Entry.Never and var expiresAt)
            message.ExpiresAt = expiresAt;
        return message;
    }

    private static Records.MergePatch Encode(MergePatch patch)
    {
        var message = new Records.MergePatch
        {
            Key = Wire.Bytes(patch.Key),
            Patch = ByteString.CopyFrom(patch.Patch),
            ValueBytesMax = patch.ValueBytesMax,
            Expiry = Encode(patch.Expiry),
            MayBeUnprepared = patch.MayBeUnprepared,
        };
        if (patch.Prepared is { } prepared)
            message.Prepared = Encode(prepared);
        return message;
    }

    private static Records.MergePatch.Types.Prepared Encode(PreparedPatch prepared)
    {
        var message = new Records.MergePatch.Types.Prepared { Revision = prepared.Revision };
        if (prepared.Draft is { } draft)
        {
            message.Replacement = new Records.MergePatch.Types.Replacement { Value = Wire.Bytes(draft.Value), ContentType = draft.ContentType };
            if (draft.ExpiresAtMilliseconds is not Entry.Never and var expiresAt)
                message.Replacement.ExpiresAt = expiresAt;
        }
        else if (prepared.Reason == RejectionReason.NotJson)
        {
            message.IsNotJson = true;
        }
        else
        {
            message.IsTooLarge = prepared.Reason == RejectionReason.TooLarge ? true : throw new ArgumentException($"Unknown reason {prepared.Reason}.", nameof(prepared));
        }

        return message;
    }
}
