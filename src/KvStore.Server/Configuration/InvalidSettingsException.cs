namespace KvStore.Server;

/// <summary>The configuration or the command line is not acceptable. The message has a line for each error.</summary>
internal sealed class InvalidSettingsException(IReadOnlyCollection<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>Every error: the setting, the accepted values, the given one.</summary>
    public IReadOnlyCollection<string> Problems { get; } = problems;

    /// <exception cref="InvalidSettingsException">There are problems.</exception>
    public static void ThrowIfAny(IReadOnlyCollection<string> problems)
    {
        if (problems.Count > 0)
            throw new InvalidSettingsException(problems);
    }
}
