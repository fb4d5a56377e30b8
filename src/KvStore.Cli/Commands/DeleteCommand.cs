namespace KvStore.Cli;

/// <summary><c>kv delete</c>: one entry, or all with a prefix.</summary>
internal static class DeleteCommand
{
    public static Command Create()
    {
        var key = new Argument<string?>(Symbols.KeyName) { Arity = ArgumentArity.ZeroOrOne, Description = "The key" };
        var prefix = new Option<string?>("--prefix") { HelpName = Symbols.PrefixName, Description = "Delete every entry whose key starts with this, at one revision; asks first" };
        var isSure = new Option<bool>("--yes", "-y") { Description = "Do not ask" };
        var ifMatch = Conditions.NewIfMatch();
        var command = new Command("delete", "Delete an entry, or all with a prefix") { key, prefix, isSure, ifMatch };
        command.Aliases.Add("rm");
        command.Run((session, cancellationToken) => (session.Arguments.GetValue(key), session.Arguments.GetValue(prefix)) switch
        {
            (null, null) => throw new KvFailure(ExitCode.Usage, "Say what to delete: a key, or --prefix PREFIX."),
            ({ }, { }) => throw new KvFailure(ExitCode.Usage, "Give a key or --prefix, not both."),
            (null, "") => throw new KvFailure(ExitCode.Usage, "An empty prefix would delete everything. Delete by the first parts of your keys, such as --prefix user/."),
            (null, { }) when session.Arguments.GetValue(ifMatch) is not null => throw new KvFailure(ExitCode.Usage, "--if-match is for one key: entries with a prefix have different revisions."),
            (null, { } start) => DeletePrefixAsync(session, start, session.Arguments.GetValue(isSure), cancellationToken),
            ({ } one, null) => DeleteAsync(session, one, Conditions.ToOptions(session.Arguments.GetValue(ifMatch)), cancellationToken),
        });
        return command;
    }

    private static async Task<ExitCode> DeleteAsync(Session session, string key, KvWriteOptions options, CancellationToken cancellationToken)
    {
        if (await session.Client.DeleteAsync(key, options, cancellationToken) is not { } revision)
            throw new KvFailure(ExitCode.No, $"{Symbols.Named(key)} has no entry.");
        if (session.IsJson)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("key"u8, key);
                json.WriteNumber("revision"u8, revision.Number);
                json.WriteEndObject();
            });
        }
        else
        {
            session.Out.Line($"{session.Out.Paint(Color.Green, "deleted")} {Symbols.Named(key)} at revision {revision.Number}");
        }

        return ExitCode.Done;
    }

    private static async Task<ExitCode> DeletePrefixAsync(Session session, string prefix, bool isSure, CancellationToken cancellationToken)
    {
        if (!isSure)
        {
            if (!Screen.CanAsk)
                throw new KvFailure(ExitCode.Usage, "Deleting by prefix asks first, and there is no terminal to ask at. Add --yes.");
            var count = await session.Client.CountAsync(prefix, cancellationToken: cancellationToken);
            if (count == 0)
                throw new KvFailure(ExitCode.No, $"No key starts with {Symbols.Named(prefix)}.");
            if (!await Screen.ConfirmAsync(session.Error, $"Delete {Units.Count(count, "entry", "entries")} whose {(count == 1 ? "key starts" : "keys start")} with {Symbols.Named(prefix)}?", cancellationToken))
                throw new KvFailure(ExitCode.No, "Nothing was deleted.");
        }

        var deleted = await session.Client.DeletePrefixAsync(prefix, cancellationToken);
        if (session.IsJson)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("prefix"u8, prefix);
                json.WriteNumber("deleted"u8, deleted);
                json.WriteEndObject();
            });
        }
        else
        {
            session.Out.Line($"{session.Out.Paint(Color.Green, "deleted")} {Units.Count(deleted, "entry", "entries")}");
        }

        return ExitCode.Done;
    }
}
