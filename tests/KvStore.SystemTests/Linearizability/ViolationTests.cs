using static KvStore.SystemTests.Histories;

namespace KvStore.SystemTests;

/// <summary>What is said of a history that is not linearizable.</summary>
public sealed class ViolationTests
{
    private const int ConfigurationsMax = 1000;

    [Fact]
    public void Find_OneStaleReadAmongMany_ShowsMinimum()
    {
        Operation[] history =
        [
            Done(1, 2, new Put(B, "other"), Created(1)),
            Done(3, 4, new Put(A, "x"), Created(2)),
            Done(5, 6, new Get(A), Found("x", 2)),
            Done(7, 8, new Put(A, "y"), Replaced(3)),
            Done(9, 10, new Get(A), Found("x", 2)),
            Done(11, 12, new Put(A, "z"), Replaced(4)),
        ];

        Assert.Equal([history[1], history[3], history[4]], Violation.Shrink(history[1..], ConfigurationsMax));
        var text = Violation.Find(history, ConfigurationsMax)!;
        Assert.Equal(5, text.TrimEnd().Split('\n').Length);
        Assert.Contains("Keys: a.", text, StringComparison.Ordinal);
        Assert.Contains("9 - 10        client 0  GET a -> 200 at 2 ETag 2: x", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Shrink_PendingWrite_IsShownAsUnknown()
    {
        Operation[] history = [Done(1, 9, new Put(A, "x"), Created(1)), Done(2, 3, new Get(A), Found("x", 1)), Done(4, 5, new Get(A), NotFound(0))];

        Assert.Equal([history[0].Lost(), history[1], history[2]], Violation.Shrink(history, ConfigurationsMax));
    }

    [Fact]
    public void FindBackward_ReadAtEarlierRevision_IsFound()
    {
        var write = Done(1, 2, new Put(A, "x"), Created(7));
        Assert.Null(RevisionOrder.FindBackward([write, Done(3, 4, new Get(B), NotFound(7))]));
        Assert.Null(RevisionOrder.FindBackward([write, Done(2, 4, new Get(B), NotFound(6)) with { Client = 1 }]));
        Assert.NotNull(RevisionOrder.FindBackward([write, Done(3, 4, new Get(B), NotFound(6))]));
        Assert.NotNull(RevisionOrder.FindBackward([write, Done(3, 4, new Put(B, "y"), Created(7))]));
        Assert.Null(RevisionOrder.FindBackward([write, Done(3, 4, new Put(B, "y", IfExists), Refused(7, null))]));
        var behind = Done(1, 4, new Get(B), NotFound(6));
        Assert.NotNull(RevisionOrder.FindBackward([write, behind]));
        Assert.Null(RevisionOrder.FindBackward([behind, write]));
        Assert.Null(RevisionOrder.FindBackward([write, behind with { Client = 1 }]));
        Assert.Null(RevisionOrder.FindBackward([write.Lost(), behind]));
    }
}
