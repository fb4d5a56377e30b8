namespace KvStore.Origins.Tests;

/// <summary>What happens to a key beside its delivery.</summary>
public enum OutboxHappening
{
    Put,
    Delete,
    InvalidateKey,
    InvalidatePrefix,
    OriginChanges,
    Load,
    SidecarExpires,
    IsParked,
    Restart,
}

/// <summary>What write-behind does wrong on purpose.</summary>
public enum OutboxBug
{
    None,

    /// <summary>The mark of a write is removed whatever it is.</summary>
    RemovesAnyMark,

    /// <summary>A write puts its mark in a second commit.</summary>
    MarksLater,

    /// <summary>The expiry of a sidecar takes an entry that the origin has yet to get.</summary>
    EvictsDirtyEntries,

    /// <summary>A newer write leaves its key parked.</summary>
    LeavesParked,

    /// <summary>A key may have two deliveries at once.</summary>
    DeliversTwiceAtOnce,

    /// <summary>A delivery does not look whether the key was invalidated meanwhile.</summary>
    IgnoresInvalidation,

    /// <summary>A load is stored over what the origin has yet to get.</summary>
    LoadsDirtyKeys,
}

/// <summary>One order of the steps of deliveries and of what else happens, in a store of its own, with an origin that is a value and a log.</summary>
internal sealed class OutboxInterleaving(OriginWorld world, OutboxBug bug)
{
    /// <summary>Steps of a delivery: begin, reach the origin, commit.</summary>
    public const int DeliverySteps = 3;

    private static readonly Key K = Some.Key("rates/k");

    private readonly List<string> _happened = [];
    private readonly List<DeliveryTicket?[]> _deliveries = [];
    private readonly List<int> _stepsOf = [];
    private readonly List<(long Revision, string Value)> _log = [];
    private string _origin = "before";
    private string? _written;
    private long _writtenAt;
    private bool _isParked;
    private Key? _unmarked;

    /// <summary>What is wrong; null if nothing is.</summary>
    public string? Violation { get; private set; }

    /// <summary>A delivery makes its next step. With three steps more it is the next delivery.</summary>
    public async Task StepAsync(int number)
    {
        await MarkAsync();
        while (_deliveries.Count <= number)
        {
            _deliveries.Add([null]);
            _stepsOf.Add(0);
        }

        ref var ticket = ref _deliveries[number][0];
        var step = _stepsOf[number]++ % DeliverySteps;
        _happened.Add($"delivery {number} step {step}");
        if (step == 0)
            ticket = DeliveryTicket.Begin(world.Origin, new StoreId(1), world.Store.Latest, K);
        else if (ticket is not null && step == 1)
            Land(ticket.Write);
        else if (ticket is not null)
            await CommitAsync(ticket);
        Check();
    }

    public async Task HappenAsync(OutboxHappening happening)
    {
        if (happening == OutboxHappening.Restart)
            _unmarked = null;
        await MarkAsync();
        _happened.Add(happening.ToString());
        switch (happening)
        {
            case OutboxHappening.Put:
                await WriteAsync(Some.Put("rates/k", $"written {_happened.Count}"), $"written {_happened.Count}");
                break;
            case OutboxHappening.Delete:
                await WriteAsync(Some.Delete("rates/k"), "(absent)");
                break;
            case OutboxHappening.InvalidateKey:
                await SubmitAsync(world.Origin.Invalidate([K]));
                break;
            case OutboxHappening.InvalidatePrefix:
                await SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, "rates/"u8));
                break;
            case OutboxHappening.OriginChanges:
                _origin = $"changed {_happened.Count}";
                await SubmitAsync(world.Origin.Invalidate([K]));
                break;
            case OutboxHappening.Load:
                await LoadAsync();
                break;
            case OutboxHappening.SidecarExpires:
                await ExpireAsync();
                break;
            case OutboxHappening.IsParked:
                await ParkAsync();
                break;
            case OutboxHappening.Restart:
                await world.RestartAsync();
                foreach (var delivery in _deliveries)
                    delivery[0] = null;
                break;
        }

        Check();
    }

    /// <summary>Delivers what is left, one delivery after the other.</summary>
    public async Task EndAsync()
    {
        await MarkAsync();
        while (Violation is null && DeliveryTicket.Begin(world.Origin, new StoreId(1), world.Store.Latest, K) is { } ticket)
        {
            Land(ticket.Write);
            await CommitAsync(ticket);
        }

        Check();
        if (_isParked && OutboxMarks.Find(world.Store.Latest, K) is not null)
            return;
        var state = world.Evaluate();
        if (OutboxMarks.Find(world.Store.Latest, K) is not null)
            Fail("The key is dirty for ever");
        else if (state.IsFresh && state.Entry.Text() != _origin)
            Fail($"{state.Entry.Text()} is fresh, and the origin has {_origin}");
    }

    private void Land(OriginWrite write)
    {
        var value = write.Value is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes.Span) : "(absent)";
        if (_log.Count > 0 && _log[^1].Revision > write.Revision)
            Fail($"The origin gets revision {write.Revision} after {_log[^1].Revision}");
        _log.Add((write.Revision, value));
        _origin = value;
    }

    private async Task CommitAsync(DeliveryTicket ticket)
    {
        var transaction = bug switch
        {
            OutboxBug.RemovesAnyMark => new Transaction([], [], ticket.Delivered(world.Origin).Records),
            OutboxBug.IgnoresInvalidation => new Transaction([Guard.RevisionIn(OutboxMarks.MarkOf(K), ticket.Write.Revision)], [], ticket.Delivered(world.Origin).Records),
            _ => ticket.Delivered(world.Origin),
        };
        if (world.Origin.IsTooOld(ticket.Before) || await world.SubmitAsync(transaction) is Outcome.GuardsFailed)
            await world.SubmitAsync(ticket.DeliveredThenInvalid(world.Origin));
    }

    private async Task WriteAsync(Operation operation, string value)
    {
        var transaction = Some.Transaction(operation);
        var isParked = OutboxMarks.Find(world.Store.Latest, K) is { } record && OutboxMark.Read(record).IsParked;
        if (bug == OutboxBug.MarksLater)
            (transaction, _unmarked) = (transaction.With([world.Origin.RecordOfWrite(K)]), K);
        else if (bug == OutboxBug.LeavesParked && isParked)
            transaction = transaction.With([world.Origin.RecordOfWrite(K), OutboxMarks.Put(K, new OutboxMark(true, 0, ""))]);
        _writtenAt = Assert.IsType<Outcome.Committed>(await world.SubmitAsync(transaction)).Revision;
        (_written, _isParked) = (value, false);
    }

    private async Task MarkAsync()
    {
        if (_unmarked is { } key)
            await SubmitAsync(new Transaction([], [], [OutboxMarks.Put(key, new OutboxMark(false, 0, ""))]));
        _unmarked = null;
    }

    private async Task LoadAsync()
    {
        var ticket = world.Begin();
        if (bug == OutboxBug.LoadsDirtyKeys)
            await world.SubmitAsync(new Transaction(world.Origin.GuardsOf(ticket, keepsEntry: false), [Some.Put("rates/k", _origin)], [world.Origin.RecordOfDelivered(K, isPresent: true)]));
        else
            await world.CommitAsync(ticket, _origin == "(absent)" ? new LoadResult.Absent(default) : OriginWorld.Found(_origin));
    }

    private async Task ExpireAsync()
    {
        if (bug == OutboxBug.EvictsDirtyEntries && world.Store.Latest.Find(K) is { } entry)
            await world.SubmitAsync(new Transaction([], [new Expire(K, entry.Revision)], [new Delete(OriginState.SidecarOf(K))]));
        world.Time.Advance(TimeSpan.FromHours(3));
        await Soon.UntilAsync(() => world.Store.Latest.Find(OriginState.SidecarOf(K)) is null);
    }

    private async Task ParkAsync()
    {
        if (DeliveryTicket.Begin(world.Origin, new StoreId(1), world.Store.Latest, K) is not { } ticket)
            return;
        await SubmitAsync(ticket.Parked(new OutboxMark(false, 0, ""), "refused"));
        _isParked = true;
    }

    // Until the origin has the last write, the store shows it, and remembers that the origin has yet to get it.
    private void Check()
    {
        if (_written is null || _log.Exists(one => one.Revision >= _writtenAt) || _unmarked is not null)
            return;
        if (OutboxMarks.Find(world.Store.Latest, K) is null)
            Fail("The last write is not delivered, and not marked");
        else if (world.Evaluate() is var state && (state.Entry.Text() != _written || !state.IsFresh))
            Fail($"{state.Entry.Text()} is shown instead of {_written}, which is not delivered");
    }

    private async Task SubmitAsync(Transaction transaction) => Assert.IsType<Outcome.Committed>(await world.SubmitAsync(transaction));

    private void Fail(string problem) => Violation ??= $"{problem}: {string.Join(", ", _happened)}.";
}
