namespace KvStore.Server;

/// <summary>The configuration or the command line is not acceptable. The message has a line for each reason.</summary>
internal sealed class InvalidSettingsException(IReadOnlyCollection<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>Every reason: which setting, what is allowed, what was given.</summary>
    public IReadOnlyCollection<string> Problems { get; } = problems;
}
