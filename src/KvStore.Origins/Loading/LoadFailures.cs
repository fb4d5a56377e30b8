using System.Globalization;

namespace KvStore.Origins;

/// <summary>Why a load fails without a call, or without an answer.</summary>
internal static class LoadFailures
{
    private static readonly TimeSpan QueueFullRetryAfter = TimeSpan.FromSeconds(1);

    public static LoadResult.Failed Stopping { get; } = new(LoadFailure.QueueFull, null, "The server is stopping.");

    public static LoadResult.Failed TooManyWaiters { get; } = new(LoadFailure.QueueFull, QueueFullRetryAfter, "Too many requests wait for loads.");

    public static LoadResult.Failed TooManyLoads { get; } = new(LoadFailure.QueueFull, QueueFullRetryAfter, "Too many loads wait for workers.");

    public static LoadResult.Failed NotCalled(OriginOptions options) =>
        new(LoadFailure.Throttled, QueueFullRetryAfter, $"The origin could not be called within {SecondsOf(options.LoadTimeout)} s: too many loads wait.");

    public static LoadResult.Failed NotAnswered(OriginOptions options) =>
        new(LoadFailure.Timeout, null, $"The origin did not answer within {SecondsOf(options.LoadTimeout)} s.");

    public static LoadResult.Failed BreakerOpen(TimeSpan left) =>
        new(LoadFailure.BreakerOpen, left, "The origin has failed so often that it is not called for a while.");

    public static LoadResult.Failed Paused(TimeSpan left) => new(LoadFailure.Throttled, left, "The origin asks for fewer calls.");

    public static LoadResult.Failed Internal(string what) => new(LoadFailure.BadAnswer, null, $"{what} because of an internal error.");

    private static string SecondsOf(TimeSpan length) => length.TotalSeconds.ToString(CultureInfo.InvariantCulture);
}
