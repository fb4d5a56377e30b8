namespace KvStore.Cli;

/// <summary><c>kv import</c>: entries from a file, of this store or of other ones.</summary>
internal static class ImportCommand
{
    private const int ErrorsShown = 10;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "-", Description = "The file; - or nothing for standard input" };
        var format = new Option<string?>("--format", "-f") { HelpName = "FORMAT", Description = $"{string.Join(", ", ImportFormat.All)}; otherwise by the file's beginning" };
        format.CompletionSources.Add(ImportFormat.All);
        var prefix = new Option<string?>("--prefix") { HelpName = Symbols.PrefixName, Description = "Put this before every key" };
        var type = Symbols.NewType();
        var skip = GlobalOptions.NewNumber("--skip", "Leave out so many entries, as an interrupted import says", 0, long.MaxValue);
        var command = new Command("import", "Store the entries of a file: of kv export, Consul, etcd, Redis, or environment variables") { file, format, prefix, type, skip };
        command.Run(async (session, cancellationToken) =>
        {
            var arguments = session.Arguments;
            var name = arguments.GetRequiredValue(file);
            if (name == "-" && !Console.IsInputRedirected)
                throw new KvFailure(ExitCode.Usage, "What to import is missing: give a file, or pipe it into the command.");
            var options = new ImportOptions(arguments.GetValue(prefix) ?? "", ValueInput.TypeOf(arguments.GetValue(type)));
            await using var source = await SourceStream.OpenAsync(name, cancellationToken);
            var chosen = await ChooseAsync(arguments.GetValue(format), source, cancellationToken);
            return await ImportAsync(session, source, chosen, options, arguments.GetValue(skip) ?? 0, cancellationToken);
        });
        return command;
    }

    private static async Task<string> ChooseAsync(string? asked, SourceStream source, CancellationToken cancellationToken)
    {
        if (asked is not null && !ImportFormat.All.Contains(asked, StringComparer.Ordinal))
            throw new KvFailure(ExitCode.Usage, $"{asked} is no format; these are: {string.Join(", ", ImportFormat.All)}.{Spelling.Suggest(asked, ImportFormat.All)}");
        if (asked is not null)
            return asked;
        var head = await source.PeekAsync(bytes => ImportFormat.Detect(bytes.Span) is not null, cancellationToken);
        return ImportFormat.Detect(head.Span) ?? (head.Span.Trim(" \t\r\n\uFEFF"u8).IsEmpty ? ImportFormat.Lines : null)
            ?? throw new KvFailure(ExitCode.Usage, $"{source.Name} does not begin as one of the formats that kv knows. Say which one it is with --format: {string.Join(", ", ImportFormat.All)}.");
    }

    private static async Task<ExitCode> ImportAsync(Session session, SourceStream source, string format, ImportOptions options, long skip, CancellationToken cancellationToken)
    {
        using var progress = new ProgressLine(session.Error, source.Total);
        using var importer = new Importer(session.Client, state => progress.Update(source.BytesRead, Units.Count(state.Position, "entry", "entries")));
        try
        {
            await importer.RunAsync(ImportFormat.ReadAsync(format, source, options, cancellationToken), skip, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            progress.Dispose();
            session.Say($"The import was interrupted. {Resume(source, importer.Position)}");
            return ExitCode.Interrupted;
        }
        catch (KvStoreException failure)
        {
            progress.Dispose();
            throw new KvFailure(Failures.CodeOf(failure), $"{Failures.TextOf(failure, session.Destination)} {Resume(source, importer.Position)}", failure);
        }

        progress.Dispose();
        Print(session, importer, format);
        return importer.Failed > 0 ? ExitCode.Partial : ExitCode.Done;
    }

    private static string Resume(SourceStream source, long position) => position == 0
        ? "Run it again: it stores the same entries, and what is stored already stays."
        : $"The first {Units.Count(position, "entry is", "entries are")} stored, and perhaps some more. Resume with --skip {position}{(source.Total is null ? " and the same input" : "")}.";

    private static void Print(Session session, Importer importer, string format)
    {
        if (session.IsJson)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("format"u8, format);
                json.WriteNumber("revision"u8, importer.Revision);
                json.WriteNumber("imported"u8, importer.Imported);
                json.WriteNumber("expired"u8, importer.Expired);
                json.WriteNumber("failed"u8, importer.Failed);
                json.WriteStartArray("errors"u8);
                foreach (var error in importer.Errors)
                {
                    json.WriteStartObject();
                    json.WriteString("place"u8, error.Place);
                    json.WriteString("detail"u8, error.Detail);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            });
        }
        else
        {
            var expired = importer.Expired > 0 ? $", {Units.Count(importer.Expired)} had expired" : "";
            session.Out.Line($"{session.Out.Paint(Color.Green, "imported")} {Units.Count(importer.Imported, "entry", "entries")} ({format}){expired}{(importer.Failed > 0 ? session.Out.Paint(Color.Red, $", {Units.Count(importer.Failed)} failed") : "")}");
        }

        session.Out.Flush();
        foreach (var error in importer.Errors.Take(ErrorsShown))
            session.Say($"{error.Place}: {Visible.Line(error.Detail)}");
        if (importer.Failed > ErrorsShown)
            session.Say($"and {Units.Count(importer.Failed - ErrorsShown)} more.");
    }
}
