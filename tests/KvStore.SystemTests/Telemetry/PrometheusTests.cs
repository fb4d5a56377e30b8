using System.Text.Json;
using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>What the repository ships for Prometheus and Grafana, with the real programs.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed partial class PrometheusTests
{
    private static readonly string Shipped = Path.Combine(Repository.Root, PrometheusProcess.ShippedDirectory);

    [Fact]
    public async Task Shipped_RulesAndConfiguration_PassPromtool()
    {
        await using var bash = new Bash();
        await PassAsync(bash, $"cp {Shipped}/* . && echo kv_token > kvstore.token && promtool check config prometheus.yml && promtool test rules kvstore.rules.test.yml");
    }

    // An alert without a test may never fire, and one without a row leaves whom it wakes alone.
    [Fact]
    public void Rules_EveryAlert_IsTestedAndDocumented()
    {
        var alerts = AlertPattern().Matches(File.ReadAllText(Path.Combine(Shipped, "kvstore.rules.yml"))).Select(match => match.Groups[1].Value).ToArray();
        var tests = File.ReadAllText(Path.Combine(Shipped, "kvstore.rules.test.yml"));
        var documented = RowPattern().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/operations.md"))).Select(match => match.Groups[1].Value);
        Assert.NotEmpty(alerts);
        Assert.Equal(alerts, documented);
        Assert.All(alerts, alert => Assert.Matches($"(?s)alertname: {alert}\n        exp_alerts:\n          - exp_labels:", tests));
    }

    [Fact]
    public async Task Dashboard_EveryQuery_ReturnsSeries()
    {
        using var key = new TestKey();
        await using var server = await ServerProcess.StartAsync(key.Setting);
        await using var prometheus = await PrometheusProcess.StartAsync(server.Address, key);
        using var client = new HttpClient { BaseAddress = server.Address };
        key.Use(client);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var load = LoadAsync(client, stop.Token);

        var missing = new List<string>();
        foreach (var query in Queries().Where(query => !IsOfCluster(query)))
        {
            if (!await prometheus.HasSeriesAsync(query))
                missing.Add(query);
        }

        await stop.CancelAsync();
        await load.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.Empty(missing);
        Assert.True(await prometheus.HasSeriesAsync("up{job=\"kvstore\"} == 1"));

        await using var bash = new Bash();
        await PassAsync(bash, $"curl -f -H 'Authorization: Bearer {key.Token}' {server.Address}metrics | promtool check metrics");
        await PassAsync(bash, $"curl -f -H 'Authorization: Bearer {key.Token}' -H 'Accept: application/openmetrics-text' {server.Address}metrics | grep -x '# EOF'");
    }

    [Fact]
    public async Task Cluster_EveryQueryOfTheDashboardAndTheAlerts_ReturnsSeries()
    {
        using var key = new TestKey();
        await using var cluster = await ReplicaCluster.StartAsync(1, [key.Setting]);
        var address = cluster.Replicas[0].Address;
        await using var prometheus = await PrometheusProcess.StartAsync(address, key);

        // An alarm that etcd has not raised has no series.
        var ofAlerts = SelectorPattern().Matches(File.ReadAllText(Path.Combine(Shipped, "kvstore.rules.yml"))).Select(match => match.Value).Where(selector => selector != "kvstore_etcd_alarms").ToArray();
        Assert.NotEmpty(ofAlerts);
        var missing = new List<string>();
        foreach (var query in Queries().Where(IsOfCluster).Concat(ofAlerts))
        {
            if (!await prometheus.HasSeriesAsync(query))
                missing.Add(query);
        }

        Assert.Empty(missing);
        await using var bash = new Bash();
        await PassAsync(bash, $"curl -f -H 'Authorization: Bearer {key.Token}' {address}metrics | promtool check metrics");
    }

    // Something of each kind that the dashboard shows, until it is stopped.
    private static async Task LoadAsync(HttpClient client, CancellationToken stop)
    {
        (await client.PostAsync(new Uri("/v1/admin/checkpoint", UriKind.Relative), null, stop)).EnsureSuccessStatusCode();
        for (var i = 0; ; i++)
        {
            (await client.PutAsync(new Uri($"/v1/kv/{i % 100}?ttl=1", UriKind.Relative), new StringContent("value"), stop)).EnsureSuccessStatusCode();
            await client.GetAsync(new Uri($"/v1/kv/{i % 100}", UriKind.Relative), stop);
            await client.GetAsync(new Uri("/v1/kv/absent", UriKind.Relative), stop);
            await Task.Delay(10, stop);
        }
    }

    // Other engines have neither other replicas nor members of etcd.
    private static bool IsOfCluster(string query) => query.Contains("kvstore_cluster_", StringComparison.Ordinal) || query.Contains("kvstore_etcd_", StringComparison.Ordinal);

    private static string[] Queries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "deploy/grafana/kvstore.json")));
        var queries =
            from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
            where panel.TryGetProperty("targets", out _)
            from target in panel.GetProperty("targets").EnumerateArray()
            select target.GetProperty("expr").GetString()!
                .Replace("$job", "kvstore", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "5s", StringComparison.Ordinal);
        var all = queries.ToArray();
        Assert.NotEmpty(all);
        Assert.DoesNotContain(all, query => query.Contains('$', StringComparison.Ordinal));
        return all;
    }

    private static async Task PassAsync(Bash bash, string command)
    {
        var result = await bash.RunAsync($"set -o pipefail; {command}");
        Assert.True(result.ExitCode == 0, result.Output);
        Assert.DoesNotContain("should", result.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertPattern();

    [GeneratedRegex(@"kvstore_(cluster|etcd)_\w+(\{[^}]*\})?")]
    private static partial Regex SelectorPattern();

    [GeneratedRegex(@"(?m)^\| \*\*(KvStore\w+)\*\* \|")]
    private static partial Regex RowPattern();
}
