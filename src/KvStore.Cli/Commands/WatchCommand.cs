namespace KvStore.Cli;

/// <summary><c>kv watch</c>: changes as they are committed. The client reconnects and resumes by itself; the position that is printed at the end is for the next command.</summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var prefix = Symbols.NewPrefix("Watch keys that start with this; without it, every key");
        var key = new Option<string?>("--key") { HelpName = Symbols.KeyName, Description = "Watch this key alone" };
        var after = new Option<string?>("--after") { HelpName = "POSITION", Description = "Begin after this position or revision, such as the one that the last watch ended with" };
        var initial = new Option<bool>("--initial") { Description = "Begin with the existing entries, and again with them if changes were missed" };
        var noValues = new Option<bool>("--no-values") { Description = "Without values" };
        var count = GlobalOptions.NewNumber("--count", "End after so many changes", 1, long.MaxValue);
        var command = new Command("watch", "Print changes as they are committed, until Ctrl+C") { prefix, key, after, initial, noValues, count };
        command.Run((session, cancellationToken) =>
        {
            var arguments = session.Arguments;
            var (start, one) = (arguments.GetRequiredValue(prefix), arguments.GetValue(key));
            if (start.Length > 0 && one is not null)
                throw new KvFailure(ExitCode.Usage, "Give a prefix or --key, not both.");
            var position = arguments.GetValue(after) is { } text ? Conditions.ParseRevision(text, "--after") : default(KvRevision?);
            var options = new KvWatchOptions { After = position, IsInitial = arguments.GetValue(initial), WithValues = !arguments.GetValue(noValues) };
            var events = one is not null ? session.Client.WatchAsync(one, options, cancellationToken) : session.Client.WatchPrefixAsync(start, options, cancellationToken);
            var again = $"kv watch{(one is not null ? " --key " + Quoting.Quote(one) : start.Length > 0 ? " " + Quoting.Quote(start) : "")} --after ";
            return WatchAsync(session, events, position, again, arguments.GetValue(count) ?? long.MaxValue, cancellationToken);
        });
        return command;
    }

    private static async Task<ExitCode> WatchAsync(Session session, IAsyncEnumerable<KvWatchEvent> events, KvRevision? position, string again, long left, CancellationToken cancellationToken)
    {
        if (!session.IsJson)
        {
            session.Error.Line(session.Error.Paint(Color.Dim, "watching; Ctrl+C ends it"));
            session.Error.Flush();
        }

        try
        {
            await foreach (var watched in events)
            {
                position = WatchOutput.PositionOf(watched) ?? position;
                left -= WatchOutput.Print(session, watched, left);
                session.Out.Flush();
                if (left <= 0)
                    return ExitCode.Done;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            session.Say(position is { } reached ? $"The watch ended at position {reached}. Resume with: {again}{reached}" : "The watch ended before its first event, so there is no position to resume at.");
            return ExitCode.Interrupted;
        }
        catch (KvRevisionGoneException failure)
        {
            throw new KvFailure(ExitCode.Failed, $"{failure.Message} Begin again with --initial, which prints the existing entries first.", failure);
        }

        return ExitCode.Done;
    }
}
