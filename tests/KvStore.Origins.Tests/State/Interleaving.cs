namespace KvStore.Origins.Tests;

/// <summary>What happens to a key beside the load.</summary>
public enum Happening
{
    Put,
    Delete,
    MoveFrom,
    MoveTo,
    Expiry,
    DeletePrefix,
    InvalidateKey,
    InvalidatePrefix,
    InvalidateAll,
    Load,
    Restart,
}

/// <summary>What a load does wrong on purpose.</summary>
public enum PlantedBug
{
    None,

    /// <summary>It commits if the key has no entry.</summary>
    GuardsAbsenceAlone,

    /// <summary>It reads the epoch when it commits.</summary>
    ReadsEpochLate,

    /// <summary>It reads the sidecar when it commits.</summary>
    ReadsSidecarLate,
}

/// <summary>One order of the steps of loads and of what else happens, in a store of its own.</summary>
internal sealed class Interleaving(OriginWorld world, PlantedBug bug)
{
    private static readonly Key K = Some.Key("rates/k");

    private readonly List<Load> _loads = [];
    private readonly List<(int At, Happening Happening)> _happened = [];
    private int _now;

    /// <summary>Steps of a load: begin, ask the origin, commit.</summary>
    public const int LoadSteps = 3;

    /// <summary>Every order of some sequences of steps, of which each keeps its own.</summary>
    public static IEnumerable<int[]> Orders(params int[] lengths)
    {
        if (lengths.All(length => length == 0))
            return [[]];
        return Enumerable.Range(0, lengths.Length).Where(i => lengths[i] > 0).SelectMany(i =>
        {
            int[] rest = [.. lengths];
            rest[i]--;
            return Orders(rest).Select(order => new[] { i }.Concat(order).ToArray());
        });
    }

    /// <summary>A load makes its next step.</summary>
    public async Task StepAsync(int number)
    {
        while (_loads.Count <= number)
            _loads.Add(new Load());
        var load = _loads[number];
        _now++;
        if (load.Ticket is null)
        {
            load.Ticket = world.Begin();
            load.BeganAt = _now;
        }
        else if (load.Value is null)
        {
            load.Value = $"origin at {_now}";
        }
        else if (!load.IsLost)
        {
            load.EndedAt = _now;
            load.Commit = await CommitAsync(load.Ticket, load.Value);
        }
    }

    public async Task HappenAsync(Happening happening)
    {
        _happened.Add((++_now, happening));
        switch (happening)
        {
            case Happening.Put:
                await SubmitAsync(Some.Put("rates/k", $"written at {_now}"));
                break;
            case Happening.Delete:
                await SubmitAsync(Some.Delete("rates/k"));
                break;
            case Happening.MoveFrom:
                await SubmitAsync(new Move(K, Some.Key("elsewhere")));
                break;
            case Happening.MoveTo:
                await SubmitAsync(Some.Put("other", $"written at {_now}"));
                await SubmitAsync(new Move(Some.Key("other"), K));
                break;
            case Happening.Expiry:
                world.Time.Advance(TimeSpan.FromSeconds(1));
                await Soon.UntilAsync(() => world.Store.Latest.Find(K) is not { ExpiresAt: not null });
                break;
            case Happening.DeletePrefix:
                await SubmitAsync(new DeletePrefix("rates/"u8, 100));
                break;
            case Happening.InvalidateKey:
                Assert.IsType<Outcome.Committed>(await world.SubmitAsync(world.Origin.Invalidate([K])));
                break;
            case Happening.InvalidatePrefix:
                Assert.IsType<Outcome.Committed>(await world.SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, "rates/k"u8)));
                break;
            case Happening.InvalidateAll:
                Assert.IsType<Outcome.Committed>(await world.SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, "rates/"u8)));
                break;
            case Happening.Load:
                await world.LoadAsync($"loaded at {_now}");
                break;
            case Happening.Restart:
                await world.RestartAsync();
                foreach (var load in _loads)
                    load.IsLost |= load.Commit is null;
                break;
        }
    }

    /// <summary>What is wrong in the end; null if nothing is.</summary>
    public string? FindViolation()
    {
        var entry = world.Store.Latest.Find(K);
        var state = world.Evaluate();
        foreach (var load in _loads.Where(load => load.Commit is not null))
        {
            // An answer that is older than a change is neither stored over it nor served after it.
            if (_happened.Any(one => IsWithin(load, one.At) && IsWrite(one.Happening)) && entry.Text() == load.Value)
                return Describe(load, "is stored, although a write is newer");
            if (_happened.Any(one => IsWithin(load, one.At) && IsChange(one.Happening)) && state.Entry.Text() == load.Value)
                return Describe(load, "is served, although a change is newer");
            if (_loads.Any(other => other != load && other.IsStored && IsWithin(load, other.EndedAt)) && load.IsStored)
                return Describe(load, "is stored, although another load that ended while it was in progress is");

            // And what nothing stands against is stored.
            var isAlone = !_happened.Any(one => IsWithin(load, one.At) && IsChange(one.Happening)) && !_loads.Any(other => other != load && other.IsStored && IsWithin(load, other.EndedAt));
            if (isAlone && !load.IsStored)
                return Describe(load, "is not stored, although nothing else happened");
            var isLast = !_happened.Any(one => one.At > load.EndedAt && IsChange(one.Happening)) && !_loads.Any(other => other.IsStored && other.EndedAt > load.EndedAt);
            if (isAlone && isLast && (state.Entry.Text() != load.Value || !state.IsFresh))
                return Describe(load, "is not served, although it is the last");
        }

        // What was invalidated is not served until it is loaded or written.
        var changed = _happened.LastOrDefault(one => IsChange(one.Happening));
        if (changed.Happening is Happening.InvalidateKey or Happening.InvalidatePrefix or Happening.InvalidateAll && changed.At > 0 && !_loads.Any(load => load.IsStored && load.EndedAt > changed.At) && state.Standing != KeyStanding.Unknown)
            return $"{state.Entry.Text()} is served, although it was invalidated at {changed.At}.";
        return null;
    }

    private static bool IsWithin(Load load, int at) => load.BeganAt < at && at < load.EndedAt;

    // An expiry takes an entry out of the cache, and says nothing of what the origin has.
    private static bool IsChange(Happening happening) => happening is not (Happening.Expiry or Happening.Restart);

    private static bool IsWrite(Happening happening) => IsChange(happening) && happening is not (Happening.InvalidateKey or Happening.InvalidatePrefix or Happening.InvalidateAll);

    private string Describe(Load load, string problem) =>
        $"The load from {load.BeganAt} to {load.EndedAt} ({load.Commit}) {problem}: {string.Join(", ", _happened.Select(one => $"{one.Happening} at {one.At}"))}.";

    private async Task SubmitAsync(Operation operation) => Assert.IsType<Outcome.Committed>(await world.SubmitAsync(Some.Transaction(operation)));

    private async Task<LoadCommit> CommitAsync(LoadTicket ticket, string value)
    {
        var now = world.Begin();
        switch (bug)
        {
            case PlantedBug.GuardsAbsenceAlone:
                var sidecar = new Put(OriginState.SidecarOf(K), new Sidecar(SidecarKind.Loaded, default, TimeSpan.FromHours(1), default, default, null).ToBytes(), "");
                return await world.SubmitAsync(new Transaction([Guard.Absent(K)], [Some.Put("rates/k", value)], [sidecar])) is Outcome.Committed ? LoadCommit.Stored : LoadCommit.Raced;
            case PlantedBug.ReadsEpochLate:
                ticket = ticket with { EpochRevision = now.EpochRevision };
                break;
            case PlantedBug.ReadsSidecarLate:
                ticket = ticket with { SidecarRevision = now.SidecarRevision };
                break;
        }

        return await world.CommitAsync(ticket, OriginWorld.Found(value));
    }

    private sealed class Load
    {
        public LoadTicket? Ticket { get; set; }

        public string? Value { get; set; }

        public LoadCommit? Commit { get; set; }

        public int BeganAt { get; set; }

        public int EndedAt { get; set; } = int.MaxValue;

        public bool IsLost { get; set; }

        public bool IsStored => Commit is LoadCommit.Stored or LoadCommit.Touched;
    }
}
