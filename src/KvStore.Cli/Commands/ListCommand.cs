namespace KvStore.Cli;

/// <summary><c>kv list</c>: the entries with a prefix, of one snapshot, however many they are.</summary>
internal static class ListCommand
{
    private sealed record Request(string Prefix, long? Limit, int? Depth, bool WithValues, KvReadOptions Options);

    public static Command Create()
    {
        var prefix = Symbols.NewPrefix("Only keys that start with this");
        var limit = GlobalOptions.NewNumber("--limit", "At most so many; otherwise all", 1, long.MaxValue);
        var values = new Option<bool>("--values") { Description = "With values" };
        var keys = new Option<bool>("--keys", "-k") { Description = "One key in each line, and nothing else: for xargs" };
        var tree = new Option<bool>("--tree") { Description = "As a tree, with / between levels" };
        var depth = GlobalOptions.NewNumber("--depth", "Of the tree only so many levels, with the number of entries below", 1, 100);
        var count = new Option<bool>("--count", "-c") { Description = "Only the number of entries" };
        var revision = Symbols.NewRevision();
        var command = new Command("list", "List entries by prefix: a table on a terminal, JSON lines in a pipe") { prefix, limit, values, keys, tree, depth, count, revision };
        command.Aliases.Add("ls");
        command.Run((session, cancellationToken) =>
        {
            var arguments = session.Arguments;
            var request = new Request(
                arguments.GetRequiredValue(prefix), arguments.GetValue(limit), (int?)arguments.GetValue(depth), arguments.GetValue(values), Symbols.ReadOptions(arguments.GetValue(revision)));
            var forms = new[] { keys, tree, count }.Where(arguments.GetValue).ToArray();
            return forms switch
            {
                [_, _, ..] => throw new KvFailure(ExitCode.Usage, $"Give {forms[0].Name} or {forms[1].Name}, not both."),
                [var form] when form == count => CountAsync(session, request, cancellationToken),
                [var form] when form == keys => ListKeysAsync(session, request, cancellationToken),
                [_] => PrintTreeAsync(session, request, cancellationToken),
                _ when request.Depth is not null => throw new KvFailure(ExitCode.Usage, "--depth is for --tree."),
                _ => session.IsJson ? ListJsonAsync(session, request, cancellationToken) : PrintTableAsync(session, request, cancellationToken),
            };
        });
        return command;
    }

    private static async Task<ExitCode> CountAsync(Session session, Request request, CancellationToken cancellationToken)
    {
        session.Out.Line((await session.Client.CountAsync(request.Prefix, request.Options, cancellationToken)).ToString(CultureInfo.InvariantCulture));
        return ExitCode.Done;
    }

    private static async Task<ExitCode> ListKeysAsync(Session session, Request request, CancellationToken cancellationToken)
    {
        await foreach (var entry in EntriesAsync(session, request, false, cancellationToken))
            session.Out.Line(entry.Key);
        return ExitCode.Done;
    }

    private static async Task<ExitCode> ListJsonAsync(Session session, Request request, CancellationToken cancellationToken)
    {
        await foreach (var entry in EntriesAsync(session, request, request.WithValues, cancellationToken))
            session.WriteJson(json => EntryJson.Write(json, entry));
        return ExitCode.Done;
    }

    private static async Task<ExitCode> PrintTableAsync(Session session, Request request, CancellationToken cancellationToken)
    {
        const int ValueColumns = 60;
        var table = new Table(session.Out, request.WithValues ? ["KEY", "VALUE"] : ["KEY", "SIZE", "REVISION", "MODIFIED", "TYPE"]);
        var count = 0L;
        await foreach (var entry in EntriesAsync(session, request, request.WithValues, cancellationToken))
        {
            count++;
            if (request.WithValues)
                table.Add(Symbols.Named(entry.Key), Visible.Cut(Visible.Line(entry.Value.Span), Math.Max(ValueColumns, session.Out.Width / 2)));
            else
                table.Add(Symbols.Named(entry.Key), Units.Bytes(entry.Size), entry.Revision.Number.ToString(CultureInfo.InvariantCulture), entry.ModifiedAt is { } time ? Units.Time(time) : "", Symbols.Named(entry.ContentType) + Expiry(entry));
        }

        if (count > 0)
            table.Print();
        session.Out.Line(session.Out.Paint(Color.Dim, count == request.Limit ? $"the first {Units.Count(count, "entry", "entries")}" : Units.Count(count, "entry", "entries")));
        return ExitCode.Done;
    }

    private static string Expiry(KvEntry entry) => entry.ExpiresAt is { } expires ? $", expires {Units.Time(expires)}" : "";

    private static async Task<ExitCode> PrintTreeAsync(Session session, Request request, CancellationToken cancellationToken)
    {
        if (request.Depth is { } depth)
        {
            await PrintLevelAsync(session, request, request.Prefix, request.Prefix.Length, 0, depth, cancellationToken);
            return ExitCode.Done;
        }

        // Keys come in order, so a line is due for each part in which a key differs from the one before.
        var before = Array.Empty<string>();
        await foreach (var entry in EntriesAsync(session, request, false, cancellationToken))
        {
            var parts = entry.Key.Split('/');
            var common = parts.Zip(before).TakeWhile(pair => pair.First == pair.Second).Count();
            for (var level = Math.Min(common, parts.Length - 1); level < parts.Length - 1; level++)
                PrintNode(session, level, session.Out.Paint(Color.Cyan, Symbols.Named(parts[level]) + "/"));
            PrintNode(session, parts.Length - 1, Symbols.Named(parts[^1]) + session.Out.Paint(Color.Dim, $"  {Units.Bytes(entry.Size)}, revision {entry.Revision.Number}"));
            before = parts[..^1];
        }

        return ExitCode.Done;
    }

    private static async Task PrintLevelAsync(Session session, Request request, string prefix, int shown, int level, int depth, CancellationToken cancellationToken)
    {
        await foreach (var item in session.Client.ListLevelAsync(prefix, options: request.Options, cancellationToken: cancellationToken))
        {
            var name = Symbols.Named(item.Name[(level == 0 ? 0 : shown)..]);
            if (item.Entry is { } entry)
            {
                PrintNode(session, level, name + session.Out.Paint(Color.Dim, $"  {Units.Bytes(entry.Size)}, revision {entry.Revision.Number}"));
                continue;
            }

            var count = level + 1 == depth ? await session.Client.CountAsync(item.Name, request.Options, cancellationToken) : 0;
            PrintNode(session, level, session.Out.Paint(Color.Cyan, name) + (count > 0 ? session.Out.Paint(Color.Dim, $"  {Units.Count(count, "entry", "entries")}") : ""));
            if (level + 1 < depth)
                await PrintLevelAsync(session, request, item.Name, item.Name.Length, level + 1, depth, cancellationToken);
        }
    }

    private static void PrintNode(Session session, int level, string text) => session.Out.Line(new string(' ', level * 2) + text);

    private static async IAsyncEnumerable<KvEntry> EntriesAsync(
        Session session, Request request, bool withValues, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = request.Limit ?? long.MaxValue;
        await foreach (var entry in session.Client.ListAsync(request.Prefix, withValues, request.Options, cancellationToken))
        {
            yield return entry;
            if (--left == 0)
                yield break;
        }
    }
}
