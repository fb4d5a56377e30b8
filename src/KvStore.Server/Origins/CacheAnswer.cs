using System.Runtime.CompilerServices;
using KvStore.Origins;
using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>What the headers of an answer say of the cache: <c>Age</c>, <c>Cache-Control</c> and <c>Cache-Status</c> (RFC 9211).</summary>
internal static class CacheAnswer
{
    /// <summary>What became of a request in the cache.</summary>
    public const string StatusHeader = "Cache-Status";

    private const string Name = "kvstore";

    private static readonly TextCache<long> Hits = new(seconds => string.Create(CultureInfo.InvariantCulture, $"{Name}; hit; ttl={seconds}"));
    private static readonly TextCache<long> Ages = new(seconds => seconds.ToString(CultureInfo.InvariantCulture));
    private static readonly TextCache<CacheControl> Controls = new(TextOf);

    /// <summary>Says that the answer was stored before the request.</summary>
    public static void SetHit(HttpResponse response, in KeyState state) => response.Headers[StatusHeader] = Hits.Of(SecondsOf(state.FreshLeft));

    /// <summary>Says that the key was loaded, or that a load was tried.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="reason">Why it was loaded.</param>
    /// <param name="loaded">What the load found; null if others were overtaken.</param>
    /// <param name="state">What is stored now; null if the answer is not stored.</param>
    public static void SetForwarded(HttpResponse response, ForwardReason reason, LoadAnswer? loaded, KeyState? state)
    {
        var text = new StringBuilder(Name).Append(reason switch
        {
            ForwardReason.Request => "; fwd=request",
            ForwardReason.Stale => "; fwd=stale",
            _ => "; fwd=uri-miss",
        });
        var isStored = loaded?.Commit is LoadCommit.Stored or LoadCommit.Touched;
        text.Append(loaded?.Result switch
        {
            LoadResult.Found => "; fwd-status=200",
            LoadResult.NotModified => "; fwd-status=304",
            LoadResult.Absent => "; fwd-status=404",
            _ => "",
        });
        if (state is { } known)
        {
            if (isStored)
                text.Append("; stored");
            text.Append(CultureInfo.InvariantCulture, $"; ttl={SecondsOf(known.FreshLeft)}");
        }

        if (loaded is { IsCollapsed: true })
            text.Append("; collapsed");
        if (loaded?.Result is LoadResult.Failed failed)
            text.Append(CultureInfo.InvariantCulture, $"; detail={DetailOf(failed.Kind)}");
        else if (loaded is null or { Commit: LoadCommit.Raced })
            text.Append("; detail=raced");
        response.Headers[StatusHeader] = text.ToString();
    }

    /// <summary>How long caches may use what is stored. <c>Age</c> says how much of that is over.</summary>
    /// <param name="state">What is stored.</param>
    /// <param name="isPrivate">Whether the answer is for this client alone, so that no cache may share it.</param>
    public static StringValues ControlOf(in KeyState state, bool isPrivate) => Controls.Of(new CacheControl(
        isPrivate,
        Math.Max(0, SecondsOf(state.Age + state.FreshLeft)),
        state.RevalidateLeft > state.FreshLeft ? SecondsOf(state.RevalidateLeft - state.FreshLeft) : null,
        state.ErrorLeft > state.FreshLeft ? SecondsOf(state.ErrorLeft - state.FreshLeft) : null));

    public static void SetAge(HttpResponse response, in KeyState state) => response.Headers.Age = Ages.Of(SecondsOf(state.Age));

    private static string TextOf(CacheControl control)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[128]);
        text.AppendLiteral(control.IsPrivate ? "private, max-age=" : "max-age=");
        text.AppendFormatted(control.AgeMax);
        if (control.StaleWhileRevalidate is { } revalidate)
        {
            text.AppendLiteral(", stale-while-revalidate=");
            text.AppendFormatted(revalidate);
        }

        if (control.StaleIfError is { } error)
        {
            text.AppendLiteral(", stale-if-error=");
            text.AppendFormatted(error);
        }

        // Nothing is served stale here, so it must not be by caches in between either.
        if (control is { StaleWhileRevalidate: null, StaleIfError: null })
            text.AppendLiteral(", must-revalidate");
        return text.ToStringAndClear();
    }

    private static long SecondsOf(TimeSpan time) => (long)Math.Floor(time.TotalSeconds);

    private static string DetailOf(LoadFailure kind) => kind switch
    {
        LoadFailure.Timeout => "timeout",
        LoadFailure.BreakerOpen => "breaker-open",
        LoadFailure.Throttled => "throttled",
        LoadFailure.QueueFull => "queue-full",
        LoadFailure.Unreachable => "unreachable",
        LoadFailure.Refused => "refused",
        _ => "bad-answer",
    };

    private readonly record struct CacheControl(bool IsPrivate, long AgeMax, long? StaleWhileRevalidate, long? StaleIfError);
}

/// <summary>Why a request was not answered from what is stored.</summary>
internal enum ForwardReason
{
    /// <summary>Nothing was stored.</summary>
    Miss,

    /// <summary>What was stored was too old.</summary>
    Stale,

    /// <summary>The request accepts nothing that is stored.</summary>
    Request,
}
