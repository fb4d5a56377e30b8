namespace KvStore.Origins;

/// <summary>
/// What an origin said about how long its answer may be used: <c>Cache-Control</c>, <c>Age</c> and <c>Expires</c>. The default value says nothing.
/// The settings of the origin decide where it says nothing, and bound what it says.
/// </summary>
/// <param name="FreshFor">How long the answer is fresh from the moment it was made; zero if it must be validated before each use.</param>
/// <param name="StaleWhileRevalidate">How long it may be served stale after that, while it is loaded again (RFC 5861).</param>
/// <param name="StaleIfError">How long it may be served stale after that, if loading it fails (RFC 5861).</param>
/// <param name="Age">How old the answer was when it arrived.</param>
/// <param name="ForbidsStoring">Whether the answer must not be stored: <c>no-store</c> or <c>private</c>.</param>
/// <param name="ForbidsStale">Whether the answer must not be served stale: <c>must-revalidate</c>, <c>proxy-revalidate</c> or <c>s-maxage</c>.</param>
public readonly record struct OriginFreshness(
    TimeSpan? FreshFor, TimeSpan? StaleWhileRevalidate, TimeSpan? StaleIfError, TimeSpan Age, bool ForbidsStoring, bool ForbidsStale);
