namespace KvStore.Testing;

/// <summary>The part of the contract that speaks of mergeable values.</summary>
public abstract partial class CommitLogContract
{
    private const string Mergeable = Entry.MergeableContentType;

    [Fact]
    public async Task Commit_Extensions_ContinueTheValue()
    {
        var created = RevisionOf((await CommitAsync(Some.Transaction(Rewrite("m", 2000))))[0]);
        var value = new byte[2000].ToList();
        var expires = _time.GetUtcNow().AddHours(1);
        for (var round = 1; round <= 5; round++)
        {
            // The second one does not know the first: it was made for the same length.
            var suffix = Enumerable.Repeat((byte)round, 100 * round).ToArray();
            var outcomes = await CommitAsync(
                Some.Transaction(new Extend(K("m"), created, value.Count, suffix, round == 3 ? ExpiryUpdate.At(expires) : default)),
                Some.Transaction(new Extend(K("m"), created, value.Count, suffix)),
                Some.Transaction(new Extend(K("m"), created, value.Count + suffix.Length, "end"u8.ToArray())));
            value.AddRange([.. suffix, .. "end"u8]);

            Assert.Equal(RejectionReason.Conflict, Assert.IsType<Outcome.Rejected>(outcomes[1]).Reason);
            var change = Assert.IsType<Outcome.Committed>(outcomes[0]).Changes[0];
            Assert.True(change.TryGetSuffix(out var added));
            Assert.Equal(suffix, added.ToArray());
            var entry = (await _follower.ReachAsync(RevisionOf(outcomes[2]))).Find(K("m"))!.Value;
            Assert.Equal(value, entry.Value.ToArray());
            Assert.Equal(
                (created, 1L + (2 * round), Mergeable, round < 3 ? null : (DateTimeOffset?)expires), (entry.CreatedRevision, entry.Version, entry.ContentType, entry.ExpiresAt));
        }

        Assert.Equal(10, _follower.Commits.Count(commit => commit.Changes is [var change] && change.TryGetSuffix(out _)));
    }

    [Fact]
    public async Task Commit_OrdinaryWritesOverAMergeableValue_AreRejected()
    {
        await CommitAsync(Some.Transaction(Rewrite("m", 3), Put("text")));
        var outcomes = await CommitAsync(
            Some.Transaction(Put("m")),
            Some.Transaction(new Put(K("new"), new byte[3], Mergeable)),
            Some.Transaction(new Increment(K("m"), 1)),
            Some.Transaction(Patch("m", "{}")),
            Some.Transaction(new Move(K("text"), K("m"))),
            Some.Transaction(Rewrite("text", 3)),
            Some.Transaction(Rewrite("m", 5)),
            Some.Transaction(new Move(K("m"), K("text"))),
            Some.Transaction(new Delete(K("text"))));

        Assert.All(outcomes[..5], outcome => Assert.Equal(RejectionReason.MergeableValue, Assert.IsType<Outcome.Rejected>(outcome).Reason));
        Assert.Equal(RejectionReason.NotMergeable, Assert.IsType<Outcome.Rejected>(outcomes[5]).Reason);
        Assert.Equal("+++", Signs(outcomes[6..]));
        Assert.Equal(0, (await EndAsync()).CountOf(KeyRange.WithPrefix(K("m").Utf8)));
    }

    private Put Rewrite(string name, int bytes) => new(K(name), new byte[bytes], Mergeable) { IsRewrite = true };
}
