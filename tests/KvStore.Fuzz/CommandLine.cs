using System.Globalization;

namespace KvStore.Fuzz;

/// <summary>Options of the form <c>--name value</c>, after a command.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _values = [];

    public CommandLine(string[] arguments)
    {
        var at = 0;
        if (arguments.Length > 0 && !arguments[0].StartsWith("--", StringComparison.Ordinal))
            Command = arguments[at++];
        for (; at < arguments.Length; at += 2)
        {
            if (!arguments[at].StartsWith("--", StringComparison.Ordinal) || at + 1 == arguments.Length)
                throw new FormatException($"'{arguments[at]}' is no option with a value.");
            _values[arguments[at][2..]] = arguments[at + 1];
        }
    }

    public string Command { get; } = "fuzz";

    public string? Text(string name) => _values.Remove(name, out var value) ? value : null;

    public long Number(string name, long otherwise) => Text(name) is { } text ? long.Parse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;

    public TimeSpan Seconds(string name, TimeSpan otherwise) => Text(name) is { } text ? TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture)) : otherwise;

    /// <summary>Fails if an option was given that the command did not ask for.</summary>
    public void ExpectNoMore()
    {
        if (_values.Count > 0)
            throw new FormatException($"There is no option --{_values.Keys.First()} here.");
    }
}
