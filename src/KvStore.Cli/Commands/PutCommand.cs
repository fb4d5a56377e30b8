namespace KvStore.Cli;

/// <summary><c>kv put</c>: store a value.</summary>
internal static class PutCommand
{
    public static Command Create()
    {
        var key = Symbols.NewKey();
        var value = new Argument<string>("VALUE") { Description = $"The value: {ValueInput.Forms}" };
        var ifMatch = Conditions.NewIfMatch();
        var create = new Option<bool>("--create") { Description = "Only if the key has no entry" };
        var timeToLive = Conditions.NewTimeToLive();
        var type = Symbols.NewType();
        var command = new Command("put", "Store a value") { key, value, create, ifMatch, timeToLive, type };
        command.Run(async (session, cancellationToken) =>
        {
            var arguments = session.Arguments;
            var options = Conditions.ToOptions(arguments.GetValue(ifMatch), arguments.GetValue(create), arguments.GetValue(timeToLive));
            var input = await ValueInput.ReadAsync(arguments.GetRequiredValue(value), arguments.GetValue(type), cancellationToken);
            return await PutAsync(session, arguments.GetRequiredValue(key), input, options, cancellationToken);
        });
        return command;
    }

    private static async Task<ExitCode> PutAsync(Session session, string key, ValueInput input, KvWriteOptions options, CancellationToken cancellationToken)
    {
        KvWriteResult result;
        try
        {
            result = await session.Client.PutAsync(key, input.Bytes, input.ContentType, options, cancellationToken);
        }
        catch (KvPreconditionFailedException failure) when (options.IfAbsent && failure.Outcome == KvOutcome.NotApplied)
        {
            throw new KvFailure(ExitCode.No, $"{Symbols.Named(key)} was not created: it has an entry, at revision {failure.CurrentRevision?.Number}.", failure);
        }

        if (session.IsJson)
        {
            session.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("key"u8, key);
                json.WriteNumber("revision"u8, result.Revision.Number);
                json.WriteBoolean("created"u8, result.Created);
                json.WriteEndObject();
            });
        }
        else
        {
            session.Out.Line($"{session.Out.Paint(Color.Green, result.Created ? "created" : "replaced")} {Symbols.Named(key)} at revision {result.Revision.Number}");
        }

        return ExitCode.Done;
    }
}
