namespace KvStore.SystemTests;

/// <summary>Compares everything that replicas have at one revision: keys, values, revisions, versions and times.</summary>
internal static class ReplicaComparison
{
    /// <summary>Waits until every replica answers, and asserts that all have the same.</summary>
    /// <returns>How many entries they have.</returns>
    public static async Task<int> AssertEqualAsync(IReadOnlyList<Replica> replicas)
    {
        var revision = (await GetAsync(replicas[0], "/v1/kv?count_only=true")).Revision!.Value;
        var states = await Task.WhenAll(replicas.Select(replica => Task.Run(() => ListAsync(replica, "", revision))));
        for (var i = 1; i < states.Length; i++)
        {
            if (states[i].SequenceEqual(states[0]))
                continue;
            var at = states[0].Zip(states[i]).TakeWhile(pair => pair.First == pair.Second).Count();
            var (one, other) = (states[0].ElementAtOrDefault(at), states[i].ElementAtOrDefault(at));
            Assert.Fail($"{replicas[0].Name} and {replicas[i].Name} differ at revision {revision}, with {states[0].Count} and {states[i].Count} entries: {one} and {other}");
        }

        return states[0].Count;
    }

    /// <summary>Asks until it is answered 200.</summary>
    public static async Task<Response> GetAsync(Replica replica, string target)
    {
        using var client = new ReplicaClient([replica], TimeSpan.FromSeconds(10));
        Response? response = null;
        await replica.Process.WaitUntilAsync(async _ =>
            (response = (await client.SendAsync(0, $"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")).Response) is { Status: 200 });
        return response!;
    }

    /// <summary>Every entry below a prefix at a revision, as JSON.</summary>
    public static Task<List<string>> ListAsync(Replica replica, string prefix, long revision) => ListAsync(_ => replica, prefix, revision);

    /// <summary>The same, each page from the replica that is chosen for it.</summary>
    public static async Task<List<string>> ListAsync(Func<int, Replica> replicaOf, string prefix, long revision)
    {
        const string Every = "/v1/kv?limit=1000&values=true&";
        var items = new List<string>();
        var page = $"{Every}prefix={prefix}&revision={revision}";
        for (var i = 0; ; i++)
        {
            var answer = (await GetAsync(replicaOf(i), page)).Json;
            Assert.Equal(revision, answer.GetProperty("revision").GetInt64());
            items.AddRange(answer.GetProperty("items").EnumerateArray().Select(item => item.GetRawText()));
            if (!answer.TryGetProperty("cursor", out var cursor))
                return items;
            page = $"{Every}cursor={Uri.EscapeDataString(cursor.GetString()!)}";
        }
    }
}
