namespace KvStore.Cli;

/// <summary><c>kv counter</c>: numbers that many clients add to without conflicts.</summary>
internal static class CounterCommand
{
    public static Command Create() => new("counter", "Read a number, or add to it; additions never conflict") { CreateGet(), CreateAdd() };

    private static Command CreateGet()
    {
        var key = Symbols.NewKey();
        var command = new Command("get", "Print the number; 0 if there is none") { key };
        command.Run(async (session, cancellationToken) =>
        {
            var name = session.Arguments.GetRequiredValue(key);
            var entry = await session.Client.GetAsync(name, cancellationToken: cancellationToken);
            return entry is null || long.TryParse(entry.Value.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                ? Print(session, name, entry is null ? 0 : long.Parse(entry.Value.Span, CultureInfo.InvariantCulture))
                : throw new KvFailure(ExitCode.Failed, $"{Symbols.Named(name)} is no counter: its value is no whole number.");
        });
        return command;
    }

    private static Command CreateAdd()
    {
        var key = Symbols.NewKey();
        var by = new Argument<long>("N")
        {
            Description = "What to add, 1 by default; it may be negative",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => 1,
            CustomParser = result =>
            {
                if (!long.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                    result.AddError($"N must be a whole number of 64 bits. Given: {result.Tokens[0].Value}.");
                return number;
            },
        };
        var timeToLive = Conditions.NewTimeToLive();
        var command = new Command("add", "Add to the number, and print the sum") { key, by, timeToLive };
        command.Run(async (session, cancellationToken) =>
        {
            var name = session.Arguments.GetRequiredValue(key);
            var options = new KvWriteOptions { TimeToLive = session.Arguments.GetValue(timeToLive) };
            return Print(session, name, await session.Client.IncrementAsync(name, session.Arguments.GetValue(by), options, cancellationToken));
        });
        return command;
    }

    private static ExitCode Print(Session session, string key, long number)
    {
        if (session.IsJsonAskedFor)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("key"u8, key);
                json.WriteNumber("value"u8, number);
                json.WriteEndObject();
            });
        }
        else
        {
            session.Out.Line(number.ToString(CultureInfo.InvariantCulture));
        }

        return ExitCode.Done;
    }
}
