namespace KvStore.Cli;

/// <summary><c>kv get</c>: one entry.</summary>
internal static class GetCommand
{
    public static Command Create()
    {
        var key = Symbols.NewKey();
        var metadata = new Option<bool>("--meta", "-m") { Description = "What is known of the entry, without its value" };
        var revision = Symbols.NewRevision();
        var command = new Command("get", "Print the value of an entry: in a pipe its bytes as they are, on a terminal with unprintable ones escaped") { key, metadata, revision };
        command.Run((session, cancellationToken) => GetAsync(
            session, session.Arguments.GetRequiredValue(key), session.Arguments.GetValue(metadata), Symbols.ReadOptions(session.Arguments.GetValue(revision)), cancellationToken));
        return command;
    }

    private static async Task<ExitCode> GetAsync(Session session, string key, bool isMetadata, KvReadOptions options, CancellationToken cancellationToken)
    {
        var entry = isMetadata ? await session.Client.GetMetadataAsync(key, options, cancellationToken) : await session.Client.GetAsync(key, options, cancellationToken);
        if (entry is null)
            throw new KvFailure(ExitCode.No, $"{Symbols.Named(key)} has no entry.");
        if (session.IsJsonAskedFor || (isMetadata && session.IsJson))
            session.WriteJson(json => EntryJson.Write(json, entry));
        else if (isMetadata)
            PrintMetadata(session, entry);
        else
            PrintValue(session, entry);
        return ExitCode.Done;
    }

    private static void PrintMetadata(Session session, KvEntry entry)
    {
        var table = new Table(session.Out, "", "");
        table.Add("key", Symbols.Named(entry.Key));
        table.Add("revision", entry.Revision.Number.ToString(CultureInfo.InvariantCulture));
        table.Add("type", Symbols.Named(entry.ContentType));
        table.Add("size", Units.Bytes(entry.Size));
        if (entry.ExpiresAt is { } expires)
            table.Add("expires", $"{Units.Time(expires)}, in {Units.Duration(entry.TimeToLive ?? TimeSpan.Zero)}");
        table.Print();
    }

    private static void PrintValue(Session session, KvEntry entry)
    {
        if (!session.Out.IsTerminal)
        {
            session.Out.Write(entry.Value.Span);
            return;
        }

        var text = Visible.Text(entry.Value.Span);
        session.Out.Write(text);
        if (!text.EndsWith('\n'))
            session.Out.Line();
    }
}
