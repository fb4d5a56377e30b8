namespace KvStore.Origins.Tests;

/// <summary>What becomes of a call that writes.</summary>
public enum Fate
{
    Written,
    Refused,

    /// <summary>The origin has it, and its answer is lost.</summary>
    WrittenUnknown,

    /// <summary>The origin does not have it, and nobody knows.</summary>
    LostUnknown,
}

/// <summary>What happens beside loads and writes.</summary>
public enum ThroughHappening
{
    Nothing,
    ChangeAndInvalidateKey,
    ChangeAndInvalidatePrefix,

    /// <summary>So much time passes that no write can arrive any more that has not; processes that have an answer have not seen it yet.</summary>
    Pause,

    /// <summary>The process ends, and another one has the store. What it has sent may still arrive.</summary>
    Crash,

    /// <summary>The same, and the other one starts from the disk.</summary>
    Restart,
}

/// <summary>One order of the steps of loads, of writes that go through, and of what else happens: after each, what is known of the key is what the origin has.</summary>
internal sealed class ThroughInterleaving(OriginWorld world) : IDisposable
{
    /// <summary>Steps of a load: begin, ask the origin, commit.</summary>
    public const int LoadSteps = 3;

    /// <summary>Steps of a write: look, mark and call, arrive, finish.</summary>
    public const int WriteSteps = 4;

    private static readonly Key K = Some.Key("rates/k");

    private readonly OriginGate _gate = new(OriginWorld.Options(), _ => { }, world.Time);
    private readonly List<Load> _loads = [];
    private readonly List<Writer> _writers = [];
    private int _now;

    /// <summary>What the origin has; null for nothing.</summary>
    public string? Value { get; private set; } = "before";

    public void AddWriter(bool isDeletion, Fate fate) => _writers.Add(new Writer(this, isDeletion, fate));

    public void AddLoad() => _loads.Add(new Load());

    public async Task LoadAsync(int number)
    {
        var load = _loads[number];
        if (load.Ticket is null)
            load.Ticket = world.Begin();
        else if (load.Result is null)
            load.Result = Ask();
        else if (!load.IsLost)
            await world.CommitAsync(load.Ticket, load.Result);
    }

    /// <summary>Reads the key, which loads it unless it is fresh.</summary>
    public async Task ReadAsync()
    {
        if (!world.Evaluate().IsFresh)
            await world.CommitAsync(world.Begin(), Ask());
    }

    /// <returns>What is wrong with what the client is told; null for nothing.</returns>
    public Task<string?> WriteAsync(int number) => _writers[number].StepAsync();

    public async Task HappenAsync(ThroughHappening happening)
    {
        switch (happening)
        {
            case ThroughHappening.ChangeAndInvalidateKey:
                Value = $"changed at {_now}";
                Assert.IsType<Outcome.Committed>(await world.SubmitAsync(world.Origin.Invalidate([K])));
                break;
            case ThroughHappening.ChangeAndInvalidatePrefix:
                Value = $"changed at {_now}";
                Assert.IsType<Outcome.Committed>(await world.SubmitAsync(world.Origin.InvalidatePrefix(world.Store.Latest, "rates/"u8)));
                break;
            case ThroughHappening.Pause:
                _writers.ForEach(writer => writer.IsDead |= writer.HasCalled && !writer.HasArrived);
                world.Time.Advance(TimeSpan.FromSeconds(30));
                break;
            case ThroughHappening.Crash or ThroughHappening.Restart:
                if (happening == ThroughHappening.Restart)
                    await world.RestartAsync();
                _loads.ForEach(load => load.IsLost = true);
                _writers.ForEach(writer => writer.IsLost = true);
                break;
        }
    }

    /// <summary>What is wrong now; null if nothing is.</summary>
    public string? FindViolation()
    {
        _now++;
        return world.Evaluate() is { Standing: not KeyStanding.Unknown } state && state.Entry?.Text() != Value ? $"{state.Entry.Text()} is known, and the origin has {Value ?? "nothing"}" : null;
    }

    /// <summary>In the end, whatever has happened, the key can be loaded. What is wrong; null if nothing is.</summary>
    public async Task<string?> FindFinalViolationAsync()
    {
        world.Time.Advance(TimeSpan.FromSeconds(30));
        var commit = await world.CommitAsync(world.Begin(), Ask());
        return commit is LoadCommit.Stored or LoadCommit.Touched && world.Evaluate().IsFresh ? FindViolation() : $"in the end the key cannot be loaded: {commit}";
    }

    public void Dispose() => _gate.Dispose();

    private LoadResult Ask() => Value is null ? new LoadResult.Absent(default) : OriginWorld.Found(Value);

    private sealed class Load
    {
        public LoadTicket? Ticket { get; set; }

        public LoadResult? Result { get; set; }

        public bool IsLost { get; set; }
    }

    private sealed class Writer(ThroughInterleaving owner, bool isDeletion, Fate fate) : IOriginSink
    {
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<WriteResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Snapshot? _latest;
        private LoadTicket? _ticket;
        private Task<KeyWriteResult?>? _writing;
        private string? _value;
        private int _step;

        public bool HasCalled => _called.Task.IsCompleted;

        public bool HasArrived { get; private set; }

        /// <summary>Whether a call that has not arrived will not any more.</summary>
        public bool IsDead { get; set; }

        /// <summary>Whether its process has ended.</summary>
        public bool IsLost { get; set; }

        private bool IsWritten => fate is Fate.Written or Fate.WrittenUnknown && HasArrived;

        // It does not look at the token: an answer may be there, and its process too slow to take it.
        public Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken)
        {
            Assert.Equal(isDeletion, write.Value is null);
            _called.SetResult();
            return _answer.Task;
        }

        public async Task<string?> StepAsync()
        {
            switch (_step++)
            {
                case 0:
                    Look();
                    return null;
                case 1 when !IsLost && _ticket is not null:
                    var caller = new WriteCaller(owner.World.Origin.Options, this, owner._gate, _ => { }, owner.World.Time);
                    _value = isDeletion ? null : $"written at {owner._now}";
                    _writing = new ThroughWriter(owner.World.Store, owner.World.Origin, caller, owner.World.Time, CancellationToken.None)
                        .WriteAsync(_latest!, _ticket, Some.Transaction(isDeletion ? Some.Delete("rates/k") : Some.Put("rates/k", _value!)));
                    await Task.WhenAny(_writing, _called.Task).Within();
                    return null;
                case 2 when HasCalled && !IsDead:
                    HasArrived = true;
                    if (IsWritten)
                        owner.Value = _value;
                    return null;
                case 3 when _writing is not null && !IsLost:
                    _answer.TrySetResult(Answer);
                    return FindViolation(await _writing.Within());
                default:
                    return null;
            }
        }

        private WriteResult Answer => IsDead || fate is Fate.WrittenUnknown or Fate.LostUnknown ? new WriteResult.Failed(LoadFailure.Timeout, null, "late")
            : fate == Fate.Written ? new WriteResult.Written()
            : new WriteResult.Refused("no");

        private void Look()
        {
            if (owner.World.Evaluate().IsBeingWritten)
                return;
            _latest = owner.World.Store.Latest;
            _ticket = owner.World.Origin.Begin(_latest, K);
        }

        private string? FindViolation(KeyWriteResult? result) => result switch
        {
            null => HasCalled ? "a write that was sent is not answered" : null,
            KeyWriteResult.Submitted { Outcome: Outcome.Committed } => IsWritten ? null : "a write is answered that the origin does not have",
            KeyWriteResult.Refused => HasArrived && fate == Fate.Refused ? null : "a write is refused that was not",
            KeyWriteResult.Unknown => null,
            _ => $"a write ends with {result}",
        };
    }

    private OriginWorld World => world;
}
