namespace KvStore.Storage.Tests;

/// <summary>A log without its newest segment or checkpoint.</summary>
internal static class LostFile
{
    /// <summary>Starts on a copy of a disk without one of its newest files: the start is refused, or loses nothing that was promised.</summary>
    public static void Check(FakeDisk disk, Random random, LogModel model)
    {
        var files = LogImage.FilesOf(disk);
        string[] newest = [.. new[] { LogImage.SegmentsOf(files).LastOrDefault(), LogImage.CheckpointsOf(files).LastOrDefault() }.OfType<string>()];
        if (newest is [])
            return;
        var lost = newest[random.Next(newest.Length)];
        files.Remove(lost);
        Snapshot snapshot;
        try
        {
            snapshot = LogImage.Open(files);
        }
        catch (DiskLogException exception) when (exception.Problem == DiskLogProblem.Damaged)
        {
            return;
        }

        try
        {
            model.Check(snapshot, model.Recovered(snapshot.Revision));
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{lost} was lost beside {string.Join(", ", files.Keys.Order(StringComparer.Ordinal))}: {exception.Message}", exception);
        }
    }
}
