using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>Asks all members at once for what they know of themselves and of each other. None of that needs a leader or a quorum.</summary>
internal sealed class EtcdReporter(EtcdClient client, EtcdMember[] endpoints, EtcdClientOptions options) : IAsyncDisposable
{
    // Members that the cluster names and the options do not, by their URL; under the semaphore.
    private readonly Dictionary<Uri, EtcdMember> _others = [];
    private readonly SemaphoreSlim _reporting = new(1);

    public async Task<EtcdClusterReport> ReportAsync(CancellationToken cancellationToken)
    {
        await _reporting.WaitAsync(cancellationToken);
        try
        {
            var lists = endpoints.Select(member => TryAsync(member, static (member, request, options) => member.Cluster.MemberListAsync(request, options), new MemberListRequest(), cancellationToken)).ToArray();
            var statuses = await Task.WhenAll(endpoints.Select(member => StatusAsync(member, cancellationToken)));
            var answers = await Task.WhenAll(lists);
            // A member that was cut off may have an old list: the newest is of the highest term.
            var list = answers.Select(answer => answer.Response).OfType<MemberListResponse>().MaxBy(response => response.Header?.RaftTerm ?? 0) ?? throw answers[0].Failure!;

            var known = new Dictionary<ulong, StatusResponse>();
            foreach (var status in statuses.OfType<StatusResponse>())
                known[status.Header?.MemberId ?? 0] = status;
            var others = OthersOf(list.Members.Where(member => !known.ContainsKey(member.ID)));
            foreach (var status in (await Task.WhenAll(others.Select(member => StatusAsync(member, cancellationToken)))).OfType<StatusResponse>())
                known[status.Header?.MemberId ?? 0] = status;

            return new(list.Header?.ClusterId ?? 0,
                [.. list.Members.Select(member => new EtcdMemberReport(member.ID, member.Name, member.ClientURLs, known.GetValueOrDefault(member.ID)))],
                [.. known.Values.SelectMany(status => status.Errors).Select(AlarmOf).OfType<string>().Distinct().Order(StringComparer.Ordinal)]);
        }
        finally
        {
            _reporting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reporting.WaitAsync();
        foreach (var member in _others.Values)
            member.Dispose();
        _reporting.Dispose();
    }

    // Keeps a channel for each that is asked now, and no other.
    private List<EtcdMember> OthersOf(IEnumerable<Member> members)
    {
        var urls = members.SelectMany(member => member.ClientURLs)
            .Select(url => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https") ? new Uri(url) : null)
            .OfType<Uri>().Except(endpoints.Select(endpoint => endpoint.Endpoint)).ToHashSet();
        foreach (var (url, member) in _others.Where(other => !urls.Contains(other.Key)).ToArray())
        {
            _others.Remove(url);
            member.Dispose();
        }

        foreach (var url in urls.Where(url => !_others.ContainsKey(url)))
            _others.Add(url, new(url, options, () => { }));
        return [.. _others.Values];
    }

    private async Task<StatusResponse?> StatusAsync(EtcdMember member, CancellationToken cancellationToken) =>
        (await TryAsync(member, static (member, request, options) => member.Maintenance.StatusAsync(request, options), new StatusRequest(), cancellationToken)).Response;

    private async Task<(TResponse? Response, EtcdException? Failure)> TryAsync<TRequest, TResponse>(EtcdMember member, EtcdCall<TRequest, TResponse> call, TRequest request, CancellationToken cancellationToken)
        where TResponse : class
    {
        try
        {
            return (await client.AskAsync(member, call, request, options.ReportTimeout, cancellationToken), null);
        }
        catch (EtcdException exception)
        {
            return (null, exception);
        }
    }

    // Members report alarms among their errors: "memberID:1234 alarm:NOSPACE ". Asking for them would be a proposal to the leader.
    private static string? AlarmOf(string error)
    {
        const string Name = "alarm:";
        return error.IndexOf(Name, StringComparison.Ordinal) is >= 0 and var start ? error[(start + Name.Length)..].Trim() : null;
    }
}
