namespace KvStore.Server.Tests;

/// <summary>A request that an operation answers with a status.</summary>
/// <param name="Status">The status.</param>
/// <param name="Slug">The name of the problem; null when it is none.</param>
/// <param name="Request">What is sent.</param>
internal sealed record Producer(int Status, string? Slug, Request Request)
{
    /// <summary>That this request succeeds with a status.</summary>
    public static IEnumerable<Producer> Success(int status, params Request[] requests) => requests.Select(request => new Producer(status, null, request));

    /// <summary>That each of these requests, changed, gets a problem.</summary>
    public static IEnumerable<Producer> Rejection(int status, string slug, IEnumerable<Request> requests, Func<Request, Request>? change = null) =>
        requests.Select(request => new Producer(status, slug, change?.Invoke(request) ?? request));

    public static IEnumerable<Producer> Rejection(int status, string slug, params Request[] requests) => Rejection(status, slug, requests, null);

    public override string ToString() => $"{Request.Operation} -> {Status} {Slug}".TrimEnd();
}

/// <summary>A service in some state, and what its operations answer then.</summary>
/// <param name="Name">The state.</param>
/// <param name="StartAsync">Starts a service and brings it there.</param>
/// <param name="Producers">What is answered, in the order in which it is asked for.</param>
internal sealed record Situation(string Name, Func<Task<KvServer>> StartAsync, params IEnumerable<Producer>[] Producers)
{
    /// <summary>Whether the service lets every request wait, so that they are sent all at once.</summary>
    public bool IsSlow { get; init; }
}
