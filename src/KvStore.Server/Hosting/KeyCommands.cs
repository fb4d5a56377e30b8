namespace KvStore.Server;

/// <summary>The commands for key files: make a key, list them, say which one a key is, remove one.</summary>
internal sealed class KeyCommands(TextReader input, TextWriter output, TextWriter error, TimeProvider time)
{
    public static Task<int> RunAsync(IReadOnlyList<string> arguments) => new KeyCommands(Console.In, Console.Out, Console.Error, TimeProvider.System).ExecuteAsync(arguments);

    /// <summary>Runs one command.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExecuteAsync(IReadOnlyList<string> arguments)
    {
        var problems = new List<string>();
        var line = KeyCommandLine.Parse(arguments, time.GetUtcNow(), problems);
        if (line.IsHelp)
        {
            await output.WriteAsync(KeyCommandLine.Usage).ConfigureAwait(false);
            return ExitCodes.Success;
        }

        try
        {
            return problems.Count > 0 ? Report(problems) : line.Command switch
            {
                "new" => await NewAsync(line).ConfigureAwait(false),
                "list" => List(line),
                "verify" => await VerifyAsync(line).ConfigureAwait(false),
                _ => await RemoveAsync(line).ConfigureAwait(false),
            };
        }
        catch (InvalidSettingsException exception)
        {
            return Report(exception.Problems);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && Directory.Exists(line.File))
        {
            return Report([KeyFile.IsDirectory(line.File)]);
        }
        catch (DirectoryNotFoundException)
        {
            return Report([$"The directory of the key file {line.File} does not exist. Make it first."]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Report([$"The key file {line.File} cannot be changed: {exception.Message.TrimEnd('.')}. The user {Environment.UserName} must be able to write to its directory, and no other process may be changing it."]);
        }
    }

    private async Task<int> NewAsync(KeyCommandLine line)
    {
        var (token, made) = KeyEntry.New(line.Name, line.Rights);
        var key = made with { Prefixes = line.Prefixes, ExpiresAt = line.ExpiresAt };
        await ChangeAsync(line, keys => !keys.Exists(other => other.Name == key.Name) ? [.. keys, key]
            : throw new InvalidSettingsException([$"{line.File} has a key {line.Name} already. Choose another name, or remove it with: keys remove --name {line.Name} --file {line.File}."])).ConfigureAwait(false);
        await output.WriteLineAsync(token).ConfigureAwait(false);
        await error.WriteLineAsync($"{line.File} has a new key: {TextOf(key)}. The line above is the key; it cannot be shown again.").ConfigureAwait(false);
        return ExitCodes.Success;
    }

    private int List(KeyCommandLine line)
    {
        foreach (var key in Read(line))
            output.WriteLine(TextOf(key));
        return ExitCodes.Success;
    }

    private async Task<int> VerifyAsync(KeyCommandLine line)
    {
        var keys = Read(line);
        var token = (line.Key ?? await input.ReadLineAsync().ConfigureAwait(false) ?? "").Trim();
        var hash = new byte[KeyEntry.HashBytes];
        if (!KeyToken.TryHash(token, hash))
            return Fail($"This is no key: one is {KeyToken.Prefix} and 43 letters, digits, - and _.");
        if (keys.FirstOrDefault(key => key.Hash.Span.SequenceEqual(hash)) is not { } found)
            return Fail($"{line.File} does not have this key.");
        await output.WriteLineAsync(TextOf(found)).ConfigureAwait(false);
        return found.ExpiresAt <= time.GetUtcNow() ? Fail("It has expired.") : ExitCodes.Success;
    }

    private async Task<int> RemoveAsync(KeyCommandLine line)
    {
        var isRemoved = false;
        await ChangeAsync(line, keys => (isRemoved = keys.RemoveAll(key => key.Name == line.Name) > 0) ? keys : null).ConfigureAwait(false);
        if (!isRemoved)
            return Fail($"{line.File} has no key {line.Name}. keys list --file {line.File} shows those that it has.");
        await error.WriteLineAsync($"The key {line.Name} is removed from {line.File}.").ConfigureAwait(false);
        return ExitCodes.Success;
    }

    private static async Task ChangeAsync(KeyCommandLine line, Func<List<KeyEntry>, List<KeyEntry>?> change) => await AtomicFile.ChangeAsync(line.File, before =>
    {
        var problems = new List<string>();
        var keys = before is null ? [] : KeyFile.Parse(line.File, before, problems);
        InvalidSettingsException.ThrowIfAny(problems);
        return change([.. keys]) is { } changed ? KeyFile.ToUtf8(changed) : null;
    }).ConfigureAwait(false);

    private static IReadOnlyList<KeyEntry> Read(KeyCommandLine line)
    {
        var problems = new List<string>();
        var keys = KeyFile.Read(line.File, problems);
        InvalidSettingsException.ThrowIfAny(problems);
        return keys;
    }

    private string TextOf(KeyEntry key)
    {
        var prefixes = key.Prefixes.Count > 0 ? "below " + string.Join(", ", key.Prefixes) : "to all keys";
        var expiry = key.ExpiresAt is not { } at ? "does not expire"
            : string.Create(CultureInfo.InvariantCulture, $"{(at <= time.GetUtcNow() ? "expired" : "expires")} {at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
        return $"{key.Name}: {string.Join(",", RightsText.NamesOf(key.Rights))} {prefixes}, {expiry}";
    }

    private int Report(IReadOnlyCollection<string> problems)
    {
        foreach (var problem in problems)
            error.WriteLine(problem);
        return ExitCodes.InvalidSettings;
    }

    private int Fail(string reason)
    {
        error.WriteLine(reason);
        return ExitCodes.Failure;
    }
}
