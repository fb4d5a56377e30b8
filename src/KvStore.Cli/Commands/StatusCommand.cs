namespace KvStore.Cli;

/// <summary><c>kv status</c>: how the service does.</summary>
internal static class StatusCommand
{
    // The members of the status that people ask for first; the JSON has all of them.
    private static readonly (string Title, string Path)[] Rows =
    [
        ("version", "version"), ("engine", "engine"), ("state", "state"), ("store", "store_id"), ("revision", "revision"), ("oldest revision", "oldest_revision"), ("keys", "keys"),
        ("watchers", "watchers"),
    ];

    public static Command Create()
    {
        var command = new Command("status", "Print how the service does: version, state, keys, queue, memory. Needs the right admin");
        command.Run(async (session, cancellationToken) =>
        {
            using var status = await ServiceDocuments.GetAsync(session, "/v1/status", cancellationToken);
            if (session.IsJson)
                session.WriteJson(status.RootElement.WriteTo);
            else
                Print(session, status.RootElement);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(Session session, JsonElement status)
    {
        var table = new Table(session.Out, "", "");
        table.Add("service", session.Destination.Address.ToString());
        foreach (var (title, path) in Rows)
        {
            if (Find(status, path) is { } value)
                table.Add(title, value.ValueKind == JsonValueKind.Number && title is "keys" ? Units.Count(value.GetInt64()) : Visible.Line(value.ToString()));
        }

        if (Find(status, "bytes") is { ValueKind: JsonValueKind.Number } bytes)
            table.Add("data", Units.Bytes(bytes.GetInt64()));
        AddUse(table, "queue", Find(status, "queue", "operations"), Find(status, "queue", "operations_max"));
        AddUse(table, "connections", Find(status, "connections", "open"), Find(status, "connections", "max"));
        if (Find(status, "uptime_seconds") is { ValueKind: JsonValueKind.Number } uptime)
            table.Add("uptime", Units.Duration(TimeSpan.FromSeconds(uptime.GetDouble())));
        table.Print();
        if (Find(status, "memory", "accounts") is { ValueKind: JsonValueKind.Object } accounts)
            PrintAccounts(session, accounts);
    }

    private static void PrintAccounts(Session session, JsonElement accounts)
    {
        session.Out.Line();
        var table = new Table(session.Out, "MEMORY", "USED", "BOUND", "PEAK", "REFUSED");
        foreach (var account in accounts.EnumerateObject())
            table.Add(account.Name, BytesOf(account.Value, "bytes"), BytesOf(account.Value, "bytes_max"), BytesOf(account.Value, "peak_bytes"), Find(account.Value, "refusals")?.ToString() ?? "");
        table.Print();
    }

    private static string BytesOf(JsonElement account, string name) => Find(account, name) is { ValueKind: JsonValueKind.Number } bytes ? Units.Bytes(bytes.GetInt64()) : "";

    private static void AddUse(Table table, string title, JsonElement? used, JsonElement? max)
    {
        if (used is { ValueKind: JsonValueKind.Number } count && max is { ValueKind: JsonValueKind.Number } bound)
            table.Add(title, $"{Units.Count(count.GetInt64())} of {Units.Count(bound.GetInt64())}");
    }

    private static JsonElement? Find(JsonElement element, params string[] path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        }

        return element;
    }
}
