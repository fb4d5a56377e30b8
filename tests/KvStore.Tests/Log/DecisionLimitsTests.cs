namespace KvStore.Tests;

/// <summary>What a log can say of a batch besides its transactions.</summary>
public sealed class DecisionLimitsTests
{
    private readonly BatchDecider _decider = new(new FakeTimeProvider());
    private readonly SnapshotPublisher _publisher = new(new StoreOptions { EntriesBytesMax = 1, IdempotencyBytesMax = 1 }, TimeProvider.System);

    [Fact]
    public void Decide_Now_StampsEntriesAndRecords()
    {
        var decision = Decide(new DecisionLimits { Now = 1_234, IgnoresMemory = true }, WithRecord(Some.Put("k")));

        Assert.Equal([1_234, 1_234], decision.After.ScanAll().Select(entry => entry.ModifiedAtMilliseconds));
        Assert.Equal(1_234 + 1_000, decision.After.ScanAll().First().ExpiresAtMilliseconds);
    }

    [Fact]
    public void Decide_IgnoresMemory_AsksNoBound()
    {
        Stores.IsNotApplied(Decide(default, WithRecord(Some.Put("k"))).Outcomes[0], NotAppliedReason.MemoryFull);
        Assert.IsType<Outcome.Committed>(Decide(new DecisionLimits { IgnoresMemory = true }, WithRecord(Some.Put("k"))).Outcomes[0]);
        Assert.Equal(1, _publisher.Memory.Entries.Refusals);
    }

    [Theory]
    [InlineData(GrowthRefusal.NoSpace, NotAppliedReason.NoSpace)]
    [InlineData(GrowthRefusal.MemoryFull, NotAppliedReason.MemoryFull)]
    public void Decide_RefusesGrowth_RefusesThatAlone(GrowthRefusal refusal, NotAppliedReason reason)
    {
        Apply(new DecisionLimits { IgnoresMemory = true }, Some.Transaction(Some.Put("k", "12345")));
        var limits = new DecisionLimits { GrowthRefusal = refusal, IgnoresMemory = true };

        Stores.IsNotApplied(Decide(limits, Some.Transaction(Some.Put("k", "123456"))).Outcomes[0], reason);
        Assert.IsType<Outcome.Committed>(Decide(limits, Some.Transaction(Some.Put("k", "54321"))).Outcomes[0]);
        Assert.IsType<Outcome.Committed>(Decide(limits, WithRecord(Some.Delete("k"))).Outcomes[0]);
    }

    [Fact]
    public void Decide_RefusesRecords_StillReplays()
    {
        Apply(new DecisionLimits { IgnoresMemory = true }, WithRecord(Some.Put("k")));
        var limits = new DecisionLimits { RefusesRecords = true, IgnoresMemory = true };

        Assert.IsType<Outcome.Replayed>(Decide(limits, WithRecord(Some.Put("k"))).Outcomes[0]);
        Stores.IsNotApplied(Decide(limits, WithRecord(Some.Put("k"), "other")).Outcomes[0], NotAppliedReason.Overloaded);
        Assert.IsType<Outcome.Committed>(Decide(limits, WithRecord(Some.Delete("absent"), "other")).Outcomes[0]);
        Assert.IsType<Outcome.Committed>(Decide(limits, Some.Transaction(Some.Put("k"))).Outcomes[0]);
    }

    private static Transaction WithRecord(Operation operation, string key = "key") =>
        new([], [operation]) { Idempotency = new Idempotency(Some.Bytes(key), default, TimeSpan.FromSeconds(1), 1_000) };

    private Decision Decide(DecisionLimits limits, Transaction transaction) => _decider.Decide(_publisher, [transaction], limits);

    private void Apply(DecisionLimits limits, Transaction transaction) => _publisher.Apply(Decide(limits, transaction));
}
