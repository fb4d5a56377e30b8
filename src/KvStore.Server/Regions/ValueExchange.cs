using KvStore.Crdt;
using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>
/// Exchanges the value of one key with a region: each side merges what the other one has. It always merges before it sends, because the region may have collected what this
/// store still names.
/// </summary>
internal sealed class ValueExchange(Store store, MergeableValues values, RegionClient client)
{
    // Each further round means that the value changed meanwhile, which is heard of, too.
    private const int RoundsMax = 4;

    private static readonly ExchangeResult.Failed Busy = new("The value changes faster than it is exchanged.");

    /// <summary>Exchanges a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="known">What the region's value is believed to include, so that what it lacks can be sent at once; null if nothing is known.</param>
    /// <param name="cancellationToken">Ends the exchange. What was merged stays.</param>
    public async Task<ExchangeResult> RunAsync(Key key, VersionVector? known, CancellationToken cancellationToken)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            var asked = await values.MergeAsync(key, new MergeRequest(null) { Since = known }, cancellationToken);
            if (asked is MergeResult.Refused { Reason: MergeRefusal.Absent } absent)
                return await FetchAsync(key, absent.Revision, cancellationToken);
            if (asked is not MergeResult.Merged here)
                return OfRefusal(asked);
            if (store.Latest.Find(key) is not { IsMergeable: true } entry)
                continue;

            var answer = await PushAsync(key, entry, here, known is null ? null : here.Delta, cancellationToken);
            if (answer.Body is { } there)
                return await FinishAsync(key, entry, answer, there, cancellationToken);
            if (answer.IsOfRegion)
                return new ExchangeResult.RegionFailed(answer.Sentence, answer.RetryAfter);
            switch (answer.Problem)
            {
                case "not-found":
                    return await SendStateAsync(key, cancellationToken);
                case "replica-gap" or "replica-retired" when known is not null:
                    known = null;
                    break;
                case "replica-retired":
                    return await FetchAsync(key, entry.Revision, cancellationToken);
                default:
                    return OfProblem(answer);
            }
        }

        return Busy;
    }

    // From the first answer on, what the region lacks is known. What it sends is merged before anything counts as exchanged.
    private async Task<ExchangeResult> FinishAsync(Key key, Entry entry, RegionAnswer<WireValue> answer, WireValue there, CancellationToken cancellationToken)
    {
        var sent = 0L;
        for (var round = 0; ; round++)
        {
            if (there.Version is null || VersionVector.TryParse(there.Version) is not { } version)
                return new ExchangeResult.Failed("The region's answer has no version that this version understands.");
            var change = there.Delta is { } delta ? new MergeChange.Delta(delta) : null;
            var merged = await values.MergeAsync(key, new MergeRequest(change) { Since = version, Lineage = LineageOf(there) }, cancellationToken);

            // The region has dropped the id of this store, which had been silent: with the full state it continues under a new one.
            if (merged is MergeResult.Refused { Reason: MergeRefusal.Collected } refused)
                return await FetchAsync(key, refused.Revision, cancellationToken);
            if (merged is not MergeResult.Merged now)
                return OfRefusal(merged);
            if (now.Delta is null)
                return new ExchangeResult.Exchanged(answer.Region!.Value, now.Revision, there.Revision, version);
            if (round == RoundsMax)
                return new ExchangeResult.Exchanged(answer.Region!.Value, sent, there.Revision, version);

            answer = await PushAsync(key, entry, now, now.Delta, cancellationToken);
            if (answer.IsOfRegion)
                return new ExchangeResult.RegionFailed(answer.Sentence, answer.RetryAfter);
            if (answer.Body is null)
                return answer.Problem == "replica-retired" ? await SendStateAsync(key, cancellationToken) : OfProblem(answer);
            (there, sent) = (answer.Body, now.Revision);
        }
    }

    // The value is absent here, or too old for a delta. Never one of another lineage: that would be refused.
    private async Task<ExchangeResult> FetchAsync(Key key, long revision, CancellationToken cancellationToken)
    {
        var answer = await client.GetStateAsync(key, cancellationToken);
        if (answer.IsOfRegion)
            return new ExchangeResult.RegionFailed(answer.Sentence, answer.RetryAfter);
        if (answer.Body is not { } there)
        {
            // Nothing that could be shared is on either side.
            return answer.Problem is "not-found" or "not-mergeable" && answer.Region is { } region
                ? new ExchangeResult.Exchanged(region, revision, answer.Revision, null)
                : OfProblem(answer);
        }

        if (there.Delta is null || there.Version is null || VersionVector.TryParse(there.Version) is not { } version || TypeOf(there) is not { } type)
            return new ExchangeResult.Failed("The region's answer has no state that this version understands.");
        var merged = await values.MergeAsync(
            key, new MergeRequest(new MergeChange.Delta(there.Delta)) { Type = type, Hub = NumberOf(there.Hub), Lineage = LineageOf(there), Since = version }, cancellationToken);
        return merged switch
        {
            MergeResult.Merged { Delta: null } now => new ExchangeResult.Exchanged(answer.Region!.Value, now.Revision, there.Revision, version),
            MergeResult.Merged => Busy,
            _ => OfRefusal(merged),
        };
    }

    // The value is absent there, or too old for a delta.
    private async Task<ExchangeResult> SendStateAsync(Key key, CancellationToken cancellationToken)
    {
        if (store.Latest.Find(key) is not { IsMergeable: true } entry || await values.ReadAsync(entry, null, MergeableForm.Delta, cancellationToken) is not { } state)
            return Busy;
        var push = new WirePush(values.ReplicaOf(entry).ToString(), state.Version.ToString(), TextOf(state.Lineage), state.Bytes, TextOf(state.Hub));
        var answer = await client.PushAsync(key, push, state.Type, cancellationToken);
        return answer.Body is { Delta: null } there ? new ExchangeResult.Exchanged(answer.Region!.Value, entry.Revision, there.Revision, state.Version)
            : answer.Body is not null ? Busy
            : answer.IsOfRegion ? new ExchangeResult.RegionFailed(answer.Sentence, answer.RetryAfter)
            : OfProblem(answer);
    }

    private Task<RegionAnswer<WireValue>> PushAsync(Key key, Entry entry, MergeResult.Merged here, ReadOnlyMemory<byte>? delta, CancellationToken cancellationToken) =>
        client.PushAsync(key, new WirePush(values.ReplicaOf(entry).ToString(), here.Version.ToString(), TextOf(here.Lineage), delta), null, cancellationToken);

    private static ExchangeResult OfRefusal(MergeResult result) => result switch
    {
        MergeResult.Refused { Reason: MergeRefusal.OtherLineage or MergeRefusal.OtherType } => new ExchangeResult.Conflict("The value was made in both stores, so the two are not one."),
        MergeResult.Refused { Reason: MergeRefusal.NotMergeable } => new ExchangeResult.Conflict("The key has an ordinary entry in this store, and a mergeable value in the region."),
        MergeResult.Refused { Reason: MergeRefusal.OfOrigin } => new ExchangeResult.Conflict("The key belongs to an origin of this store."),
        MergeResult.Refused { Reason: MergeRefusal.Collected } => new ExchangeResult.Conflict("One of the stores was cut off for so long that what it did is no longer accepted."),
        MergeResult.Refused { Reason: MergeRefusal.Forked } => new ExchangeResult.Conflict("Both stores have made different changes under one replica id: one is a copy of the other."),
        MergeResult.Refused { Reason: MergeRefusal.TooLarge } => new ExchangeResult.Conflict("The value would be larger than this store allows."),
        MergeResult.Refused refused => new ExchangeResult.Failed($"What the region sent could not be merged ({refused.Reason})."),
        MergeResult.NotCommitted => new ExchangeResult.Failed("This store did not commit what the region sent."),
        _ => Busy,
    };

    private static ExchangeResult OfProblem<T>(RegionAnswer<T> answer)
        where T : class =>
        answer.Problem switch
        {
            "other-lineage" or "other-type" => new ExchangeResult.Conflict("The value was made in both stores, so the two are not one."),
            "not-mergeable" => new ExchangeResult.Conflict("The key has a mergeable value in this store, and an ordinary entry in the region."),
            "replica-retired" => new ExchangeResult.Conflict("One of the stores was cut off for so long that what it did is no longer accepted."),

            // Another store has taken the place of the region's, or the value has changed meanwhile.
            "other-store" or "replica-gap" or "not-found" or "precondition-failed" => new ExchangeResult.Failed(answer.Sentence),
            _ => new ExchangeResult.Conflict(answer.Sentence),
        };

    private static CrdtType? TypeOf(WireValue value) => Array.IndexOf(CrdtTypeText.Names, value.Type) is >= 0 and var index ? (CrdtType)(index + 1) : null;

    private static ulong? LineageOf(WireValue value) => NumberOf(value.Lineage);

    private static ulong? NumberOf(string? text) => ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string TextOf(ulong number) => number.ToString("x16", CultureInfo.InvariantCulture);
}
