using KvStore.Origins;
using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>What a request accepts of a cache: its <c>Cache-Control</c> (RFC 9111, section 5.2.1). What is not known is ignored, as section 5.2.3 has it.</summary>
/// <param name="MustLoad"><c>no-cache</c>: only what is loaded for this request, or validated. So is <c>no-store</c>: a load is for all who wait for it, and is stored.</param>
/// <param name="AgeMax"><c>max-age</c>: only what the origin has said within this time.</param>
/// <param name="FreshMin"><c>min-fresh</c>: only what is fresh for this time.</param>
/// <param name="StaleMax"><c>max-stale</c>: also what has not been stale for longer than this time.</param>
/// <param name="OnlyIfCached"><c>only-if-cached</c>: nothing is loaded.</param>
internal readonly record struct CacheDirectives(bool MustLoad, TimeSpan? AgeMax, TimeSpan? FreshMin, TimeSpan? StaleMax, bool OnlyIfCached)
{
    private const string Name = "Cache-Control";

    // A delta of more seconds is this one (RFC 9111, section 1.2.2).
    private const long SecondsMax = int.MaxValue;

    /// <summary>Whether the request says how old or fresh the answer must be, so that a stale one is not acceptable unless it says that, too.</summary>
    public bool IsStrict => MustLoad || AgeMax is not null || FreshMin is not null;

    /// <summary>Reads the header. A number that is none is a problem: it must not become no condition.</summary>
    public static Problem? TryGet(StringValues header, out CacheDirectives directives)
    {
        directives = default;
        foreach (var line in header)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (TryAdd(line.AsSpan()[range].Trim(), ref directives) is { } problem)
                    return problem;
            }
        }

        return null;
    }

    /// <summary>Whether something that is stored may be served without a load. What the origin has yet to get always is: nothing else is newer.</summary>
    public bool Accepts(in KeyState state) => state.IsDirty || AcceptsAge(state);

    private bool AcceptsAge(in KeyState state) => !MustLoad && state.Standing != KeyStanding.Unknown && !(state.Age > AgeMax) && !(state.FreshLeft < FreshMin)
        && (state.IsFresh || (StaleMax is { } stale && MayBeStale(state) && -state.FreshLeft <= stale));

    // The origin or its operator may have said that nothing is served stale, which a client cannot change.
    private static bool MayBeStale(in KeyState state) => state.RevalidateLeft > state.FreshLeft || state.ErrorLeft > state.FreshLeft;

    private static Problem? TryAdd(ReadOnlySpan<char> text, ref CacheDirectives directives)
    {
        var equals = text.IndexOf('=');
        var name = equals < 0 ? text : text[..equals].TrimEnd();
        var value = equals < 0 ? default : text[(equals + 1)..].Trim().Trim('"');
        if (Is(name, "no-cache") || Is(name, "no-store"))
            directives = directives with { MustLoad = true };
        else if (Is(name, "only-if-cached"))
            directives = directives with { OnlyIfCached = true };
        else if (Is(name, "max-stale") && equals < 0)
            directives = directives with { StaleMax = TimeSpan.FromSeconds(SecondsMax) };
        else if (Is(name, "max-age") || Is(name, "min-fresh") || Is(name, "max-stale"))
            return TryAdd(name, value, ref directives);
        return null;
    }

    private static Problem? TryAdd(ReadOnlySpan<char> name, ReadOnlySpan<char> value, ref CacheDirectives directives)
    {
        if (value.IsEmpty || value.ContainsAnyExceptInRange('0', '9'))
            return Problems.MalformedRequest($"Give {name.ToString().ToLowerInvariant()} a number of seconds, such as {name.ToString().ToLowerInvariant()}=60.", Name);
        var time = TimeSpan.FromSeconds(value.Length > 10 ? SecondsMax : Math.Min(SecondsMax, long.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture)));
        directives = Is(name, "max-age") ? directives with { AgeMax = time }
            : Is(name, "min-fresh") ? directives with { FreshMin = time }
            : directives with { StaleMax = time };
        return null;
    }

    private static bool Is(ReadOnlySpan<char> name, string known) => name.Equals(known, StringComparison.OrdinalIgnoreCase);
}
