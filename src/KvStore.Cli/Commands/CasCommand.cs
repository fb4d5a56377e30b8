namespace KvStore.Cli;

/// <summary><c>kv cas</c>: replace a value on the condition that it is the expected one.</summary>
internal static class CasCommand
{
    public static Command Create()
    {
        var key = Symbols.NewKey();
        var values = new Argument<string[]>("VALUES") { Arity = new ArgumentArity(1, 2), HelpName = "OLD NEW", Description = $"The expected and the new value, each as {ValueInput.Forms}; with --if-match only the new one" };
        var ifMatch = Conditions.NewIfMatch();
        var timeToLive = Conditions.NewTimeToLive();
        var type = Symbols.NewType();
        var command = new Command("cas", "Replace a value if it is the expected one (compare and set): by value, or by ETag") { key, values, ifMatch, timeToLive, type };
        command.Run(async (session, cancellationToken) =>
        {
            var arguments = session.Arguments;
            var given = arguments.GetRequiredValue(values);
            var match = arguments.GetValue(ifMatch);
            if (given.Count(value => value == "-") > 1)
                throw new KvFailure(ExitCode.Usage, "Only one of the values can come from standard input.");
            if (given.Length == (match is null ? 1 : 2))
                throw new KvFailure(ExitCode.Usage, match is null ? "Give the expected and the new value: kv cas KEY OLD NEW. Or say by ETag what is expected: kv cas KEY NEW --if-match ETAG" : "With --if-match give the new value only: the ETag says what is expected.");
            var replacement = await ValueInput.ReadAsync(given[^1], arguments.GetValue(type), cancellationToken);
            var swap = new Swap(arguments.GetRequiredValue(key), replacement, arguments.GetValue(type) is null, arguments.GetValue(timeToLive));
            return match is null
                ? await ByValueAsync(session, swap, await ValueInput.ReadAsync(given[0], null, cancellationToken), cancellationToken)
                : await ByRevisionAsync(session, swap, match, cancellationToken);
        });
        return command;
    }

    private sealed record Swap(string Key, ValueInput Replacement, bool KeepsType, TimeSpan? TimeToLive);

    private static async Task<ExitCode> ByValueAsync(Session session, Swap swap, ValueInput expected, CancellationToken cancellationToken)
    {
        var found = default(KvEntry);

        // A conflict makes it read again: the entry may have been written with the same value.
        var result = await session.Client.UpdateAsync(swap.Key, Change, cancellationToken: cancellationToken);
        return result.HasChanged
            ? Done(session, swap.Key, result.Revision!.Value)
            : throw new KvFailure(ExitCode.No, found is null ? $"{Symbols.Named(swap.Key)} was not changed: it has no entry." : $"{Symbols.Named(swap.Key)} was not changed: it has another value, of revision {found.Revision.Number}.");

        KvUpdate Change(KvEntry? entry)
        {
            found = entry;
            return entry is not null && entry.Value.Span.SequenceEqual(expected.Bytes.Span)
                ? KvUpdate.Put(swap.Replacement.Bytes, swap.KeepsType ? entry.ContentType : swap.Replacement.ContentType, swap.TimeToLive)
                : KvUpdate.Keep;
        }
    }

    private static async Task<ExitCode> ByRevisionAsync(Session session, Swap swap, string match, CancellationToken cancellationToken)
    {
        var options = Conditions.ToOptions(match, timeToLive: swap.TimeToLive);
        var type = swap.KeepsType ? (await session.Client.GetMetadataAsync(swap.Key, cancellationToken: cancellationToken))?.ContentType : null;
        var result = await session.Client.PutAsync(swap.Key, swap.Replacement.Bytes, type ?? swap.Replacement.ContentType, options, cancellationToken);
        return Done(session, swap.Key, result.Revision);
    }

    private static ExitCode Done(Session session, string key, KvRevision revision)
    {
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
            session.Out.Line($"{session.Out.Paint(Color.Green, "replaced")} {Symbols.Named(key)} at revision {revision.Number}");
        }

        return ExitCode.Done;
    }
}
