namespace KvStore.Origins;

/// <summary>What an error of a database says.</summary>
/// <param name="Detail">What happened, as a sentence for operators and clients. It has the server's text for an error in a statement, and nothing of how the database is connected to.</param>
internal readonly record struct SqlError(string Detail)
{
    private const int TextLengthMax = 300;

    /// <summary>Whether the database refuses this statement with these parameters, and would again. Everything else may pass: no connection, no time, too much to do.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>Whether the statement may have been executed all the same: the connection ended before its answer.</summary>
    public bool MayBeExecuted { get; init; }

    /// <summary>Whether the database was not reached, or did not let the service in.</summary>
    public bool IsUnreachable { get; init; }

    /// <summary>The database was not reached, or did not let the service in.</summary>
    public static SqlError Unreachable { get; } = new("The database could not be connected to.") { IsUnreachable = true };

    /// <summary>The connection ended in the middle.</summary>
    public static SqlError Disconnected { get; } = new("The connection to the database ended before its answer.") { MayBeExecuted = true };

    /// <summary>The database does not accept who connects.</summary>
    public static SqlError NotAdmitted(string code) => new($"The database does not admit the service ({code}).") { IsUnreachable = true };

    /// <summary>The database answered with an error that may pass.</summary>
    public static SqlError Failed(string code, string text) => new($"The database failed ({code}): {LineOf(text)}");

    /// <summary>The database refuses the statement.</summary>
    public static SqlError Refused(string code, string text) => new($"The database refused the statement ({code}): {LineOf(text)}") { IsRefusal = true };

    private static string LineOf(string text)
    {
        var line = string.Concat(text.Take(TextLengthMax).Select(character => char.IsControl(character) ? ' ' : character)).Trim();
        return line.EndsWith('.') ? line : line + ".";
    }
}
