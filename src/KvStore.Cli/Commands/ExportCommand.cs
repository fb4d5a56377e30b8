namespace KvStore.Cli;

/// <summary><c>kv export</c>: every entry of one snapshot, one JSON object in each line.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "-", Description = "The file to write; - or nothing for standard output" };
        var prefix = new Option<string?>("--prefix") { HelpName = Symbols.PrefixName, Description = "Only keys that start with this" };
        var revision = Symbols.NewRevision();
        var command = new Command("export", "Write every entry of one snapshot as JSON lines, which kv import stores again") { file, prefix, revision };
        command.Run((session, cancellationToken) =>
        {
            var arguments = session.Arguments;
            var (name, start, options) = (arguments.GetRequiredValue(file), arguments.GetValue(prefix) ?? "", Symbols.ReadOptions(arguments.GetValue(revision)));
            return name == "-" ? ToOutputAsync(session, start, options, cancellationToken) : ToFileAsync(session, name, start, options, cancellationToken);
        });
        return command;
    }

    private static async Task<ExitCode> ToOutputAsync(Session session, string prefix, KvReadOptions options, CancellationToken cancellationToken)
    {
        await session.Client.ExportAsync(session.Out.Direct(), prefix, options, cancellationToken);
        return ExitCode.Done;
    }

    // Under another name until it is complete, so that a file of this name is never a part of an export.
    private static async Task<ExitCode> ToFileAsync(Session session, string name, string prefix, KvReadOptions options, CancellationToken cancellationToken)
    {
        if (Directory.Exists(name))
            throw new KvFailure(ExitCode.Usage, $"{name} is a directory. Give the name of a file.");
        var partial = name + ".partial";
        KvRevision revision;
        ExportFile file;
        try
        {
            await using var stream = new FileStream(partial, FileMode.Create, FileAccess.Write);
            using var progress = new ProgressLine(session.Error, null);
            file = new ExportFile(stream, written => progress.Update(written.BytesWritten, Units.Count(written.Lines, "entry", "entries")));
            revision = await session.Client.ExportAsync(file, prefix, options, cancellationToken);
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new KvFailure(ExitCode.Usage, $"{name} cannot be written: {(exception is DirectoryNotFoundException ? "its directory does not exist" : exception.Message)}.", exception);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }

        File.Move(partial, name, overwrite: true);
        Print(session, name, revision, file);
        return ExitCode.Done;
    }

    private static void Print(Session session, string name, KvRevision revision, ExportFile file)
    {
        if (session.IsJson)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("file"u8, name);
                json.WriteNumber("revision"u8, revision.Number);
                json.WriteNumber("entries"u8, file.Lines);
                json.WriteNumber("bytes"u8, file.BytesWritten);
                json.WriteEndObject();
            });
        }
        else
        {
            session.Out.Line($"{session.Out.Paint(Color.Green, "exported")} {Units.Count(file.Lines, "entry", "entries")}, {Units.Bytes(file.BytesWritten)}, as of revision {revision.Number}");
        }
    }
}
