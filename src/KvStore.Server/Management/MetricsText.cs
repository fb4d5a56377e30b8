namespace KvStore.Server;

/// <summary>Writes metrics as Prometheus reads them: its text format, version 0.0.4.</summary>
internal sealed class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>A number that goes up and down.</summary>
    public void Gauge(string name, string help, double value)
    {
        Begin(name, "gauge", help);
        Sample(name, "", value);
    }

    /// <summary>A number that only grows while the process lives.</summary>
    public void Counter(string name, string help, double value)
    {
        Begin(name, "counter", help);
        Sample(name, "", value);
    }

    public void Begin(string name, string type, string help) => _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    /// <summary>One value of the metric that was begun. The name has the suffix of its type; labels are separated by commas.</summary>
    public void Sample(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
            _text.Append('{').Append(labels).Append('}');
        _text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    public override string ToString() => _text.ToString();
}
