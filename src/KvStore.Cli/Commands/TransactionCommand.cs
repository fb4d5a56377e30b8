namespace KvStore.Cli;

/// <summary><c>kv txn</c>: guards and operations from a file, committed together or not at all.</summary>
internal static class TransactionCommand
{
    private const long BytesMax = 64 << 20;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A file with guards and operations as JSON, as POST /v1/txn takes them; - for standard input" };
        var command = new Command("txn", "Commit operations together at one revision, if all guards pass") { file };
        command.Run(async (session, cancellationToken) =>
        {
            var name = session.Arguments.GetRequiredValue(file);
            var transaction = TransactionFile.Parse(await ReadAsync(name, cancellationToken), name == "-" ? "standard input" : name);
            var result = await session.Client.TransactAsync(transaction, cancellationToken);
            Print(session, result);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<byte[]> ReadAsync(string name, CancellationToken cancellationToken)
    {
        await using var source = await SourceStream.OpenAsync(name, cancellationToken);
        using var text = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await source.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            text.Write(buffer.AsSpan(0, count));
            if (text.Length > BytesMax)
                throw new KvFailure(ExitCode.Usage, $"{name} is larger than {Units.Bytes(BytesMax)}, which no transaction may be.");
        }

        return text.ToArray();
    }

    private static void Print(Session session, KvTransactionResult result)
    {
        if (session.IsJson)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteNumber("revision"u8, result.Revision.Number);
                json.WriteStartArray("reads"u8);
                foreach (var entry in result.Reads)
                {
                    if (entry is null)
                        json.WriteNullValue();
                    else
                        EntryJson.Write(json, entry);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            });
            return;
        }

        session.Out.Line($"{session.Out.Paint(Color.Green, "committed")} at revision {result.Revision.Number}");
        foreach (var entry in result.Reads)
            session.Out.Line(entry is null ? "  no entry" : $"  {Symbols.Named(entry.Key)}  {Visible.Line(entry.Value.Span)}");
    }
}
