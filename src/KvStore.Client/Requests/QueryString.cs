namespace KvStore.Client;

/// <summary>A request target: a path and the parameters that are not null.</summary>
internal sealed class QueryString(string path)
{
    private readonly StringBuilder _target = new(path);
    private char _separator = '?';

    /// <summary>The path of a key, percent-encoded once except for its slashes.</summary>
    public static string PathOf(string prefix, string key) => prefix + Uri.EscapeDataString(Arguments.Key(key)).Replace("%2F", "/", StringComparison.Ordinal);

    public QueryString Add(string name, string? value)
    {
        if (value is null)
            return this;
        _target.Append(_separator).Append(name).Append('=').Append(Uri.EscapeDataString(Arguments.Text(value, name)));
        _separator = '&';
        return this;
    }

    public QueryString Add(string name, long? value) => Add(name, value?.ToString(CultureInfo.InvariantCulture));

    public override string ToString() => _target.ToString();
}
