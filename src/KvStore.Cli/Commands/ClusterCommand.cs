namespace KvStore.Cli;

/// <summary><c>kv cluster</c>: the replicas of the store, and the members of etcd behind them.</summary>
internal static class ClusterCommand
{
    public static Command Create()
    {
        var command = new Command("cluster", "Print the replicas of the store and the members of etcd. Needs the right admin");
        command.Run(async (session, cancellationToken) =>
        {
            using var cluster = await ServiceDocuments.GetAsync(session, "/v1/cluster", cancellationToken);
            if (session.IsJson)
                session.WriteJson(cluster.RootElement.WriteTo);
            else
                Print(session, cluster.RootElement);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(Session session, JsonElement cluster)
    {
        var replicas = new Table(session.Out, "REPLICA", "STATE", "REVISION", "LAG", "SEEN", "VERSION", "URL");
        foreach (var replica in Items(cluster, "replicas"))
        {
            var state = Text(replica, "state");
            replicas.Add(
                Text(replica, "name"), session.Out.Paint(state == "ready" ? Color.Green : state == "failed" ? Color.Red : Color.Yellow, state), Text(replica, "revision"), Text(replica, "lag"),
                Text(replica, "last_seen_seconds") + " s ago", Text(replica, "version"), Text(replica, "url"));
        }

        replicas.Print();
        if (Items(cluster, "etcd").Any())
        {
            session.Out.Line();
            var members = new Table(session.Out, "ETCD", "STATE", "SIZE", "VERSION", "URLS");
            foreach (var member in Items(cluster, "etcd"))
            {
                var state = Text(member, "reachable") != "True" ? session.Out.Paint(Color.Red, "unreachable") : Text(member, "leader") == "True" ? "leader" : "follower";
                var size = member.TryGetProperty("size", out var bytes) && bytes.ValueKind == JsonValueKind.Number ? Units.Bytes(bytes.GetInt64()) : "";
                members.Add(Text(member, "name"), state, size, Text(member, "version"), string.Join(' ', Items(member, "urls").Select(url => Visible.Line(url.ToString()))));
            }

            members.Print();
        }

        foreach (var alarm in Items(cluster, "alarms"))
            session.Out.Line(session.Out.Paint(Color.Red, $"alarm of etcd: {Visible.Line(alarm.ToString())}"));
        if (cluster.TryGetProperty("quorum", out var quorum))
            session.Out.Line($"\n{Text(quorum, "healthy")} healthy, {Text(quorum, "needed")} needed: {Text(quorum, "tolerates")} more may fail");
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : default;

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? Visible.Line(value.ToString()) : "";
}
