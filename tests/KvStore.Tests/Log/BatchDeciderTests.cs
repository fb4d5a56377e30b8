namespace KvStore.Tests;

public class BatchDeciderTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly BatchDecider _decider;
    private readonly SnapshotPublisher _publisher;

    public BatchDeciderTests()
    {
        _decider = new BatchDecider(_time);
        _publisher = new SnapshotPublisher(new StoreOptions(), _time);
    }

    // A log that could not make a batch durable, or that was handed another state, does not apply what was decided.
    [Fact]
    public void Decide_EarlierDecisionDropped_IsForgotten()
    {
        Transaction[] create = [Some.Transaction(Guard.Absent(Some.Key("k")), Some.Put("k"))];
        _decider.Decide(_publisher, create);

        var decision = _decider.Decide(_publisher, create);

        var committed = Assert.IsType<Outcome.Committed>(decision.Outcomes[0]);
        Assert.Equal((1, null), (committed.Revision, committed.Changes[0].Previous));
        Assert.Equal(1, committed.Changes[0].Current!.Value.Version);
    }

    [Fact]
    public void Decide_Batch_ChangesNothing()
    {
        var latest = _publisher.Latest;
        _decider.Decide(_publisher, [Some.Transaction(Some.Put("k"))]);

        Assert.Same(latest, _publisher.Latest);
        Assert.Equal(0, latest.Count);
    }

    [Fact]
    public void Decide_MixedTransactions_OnlyCommitsTakeRevisions()
    {
        _publisher.Load(7, []);
        Transaction[] batch =
        [
            Some.Transaction(Some.Put("a")),
            Some.Transaction(Guard.Absent(Some.Key("a")), Some.Put("a")),
            Some.Transaction(Some.Delete("absent")),
            Some.Transaction(Some.Put("b"), Some.Put("c")),
        ];
        var decision = _decider.Decide(_publisher, batch);

        Assert.Equal([8, 9], decision.Commits.Select(commit => commit.Revision));
        Assert.Equal(8, Assert.IsType<Outcome.GuardsFailed>(decision.Outcomes[1]).Revision);
        Assert.Equal(8, Assert.IsType<Outcome.Committed>(decision.Outcomes[2]).Revision);
        Assert.Equal(9, Assert.IsType<Outcome.Committed>(decision.Outcomes[3]).Revision);
    }

    [Fact]
    public void Decide_EveryGuardFails_HasNoCommits() =>
        Assert.Empty(_decider.Decide(_publisher, [Some.Transaction(Guard.Exists(Some.Key("k")), Some.Put("k"))]).Commits);

    [Fact]
    public void Apply_DecisionOnOtherState_Throws()
    {
        var first = _decider.Decide(_publisher, [Some.Transaction(Some.Put("a"))]);
        var second = _decider.Decide(_publisher, [Some.Transaction(Some.Put("b"))]);
        _publisher.Apply(first);

        Assert.Throws<InvalidOperationException>(() => _publisher.Apply(second));
        Assert.Equal(1, _publisher.Latest.Count);
    }
}
