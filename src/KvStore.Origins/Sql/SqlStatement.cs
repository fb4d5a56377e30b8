using System.Data.Common;
using System.Text.RegularExpressions;

namespace KvStore.Origins;

/// <summary>A statement of the settings, and the parameters that it names. It is the operator's text and never changed: what a client sends reaches it as a parameter alone. Immutable.</summary>
internal sealed partial class SqlStatement
{
    /// <summary>The part of the key that follows the prefix of the origin.</summary>
    public const string Key = "@key";

    /// <summary>The whole key.</summary>
    public const string FullKey = "@fullkey";

    /// <summary>Many of the former: an array for PostgreSQL, the text of a JSON array for others.</summary>
    public const string Keys = "@keys";

    /// <summary>Many whole keys.</summary>
    public const string FullKeys = "@fullkeys";

    /// <summary>The value, as bytes.</summary>
    public const string Value = "@value";

    /// <summary>The value, as text; it has to be UTF-8.</summary>
    public const string Text = "@text";

    /// <summary>The media type of the value.</summary>
    public const string ContentType = "@content_type";

    /// <summary>The fence.</summary>
    public const string Revision = "@revision";

    private static readonly string[] OfLoad = [Key, FullKey, Keys, FullKeys];
    private static readonly string[] OfStore = [Key, FullKey, Value, Text, ContentType, Revision];
    private static readonly string[] OfDelete = [Key, FullKey, Revision];

    private readonly HashSet<string> _names;

    public SqlStatement(string text)
    {
        Sql = text;
        _names = [.. Token().Matches(text).Select(token => token.Value).Where(IsName)];
    }

    /// <summary>The statement.</summary>
    public string Sql { get; }

    /// <summary>Whether it asks for many keys.</summary>
    public bool TakesMany => Names(Keys) || Names(FullKeys);

    /// <summary>Whether it names a parameter.</summary>
    public bool Names(string parameter) => _names.Contains(parameter);

    /// <summary>What the parameters of a query of a value must be; null if they are.</summary>
    public static string? FindProblemOfLoad(string text)
    {
        var load = new SqlStatement(text);
        return load._names.Count == 1 && load._names.IsSubsetOf(OfLoad) ? null : $"a query with one parameter, which is {string.Join(", ", OfLoad[..^1])} or {OfLoad[^1]}";
    }

    /// <summary>What the parameters of a statement that writes a value must be; null if they are.</summary>
    public static string? FindProblemOfStore(string text)
    {
        var store = new SqlStatement(text);
        return store._names.IsSubsetOf(OfStore) && (store.Names(Key) || store.Names(FullKey)) && (store.Names(Value) || store.Names(Text))
            ? null
            : $"a statement with {Key} or {FullKey}, with {Value} or {Text}, and with no other parameters than these, {ContentType} and {Revision}";
    }

    /// <summary>What the parameters of a statement that deletes a value must be; null if they are.</summary>
    public static string? FindProblemOfDelete(string text)
    {
        var delete = new SqlStatement(text);
        return delete._names.IsSubsetOf(OfDelete) && (delete.Names(Key) || delete.Names(FullKey)) ? null : $"a statement with {Key} or {FullKey}, and with no other parameter than these and {Revision}";
    }

    /// <summary>Gives a command a parameter, if the statement names it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value, or a parameter of the provider that has it.</param>
    public void Bind(DbCommand command, string name, object? value)
    {
        if (!Names(name))
            return;
        var parameter = value as DbParameter ?? command.CreateParameter();
        parameter.ParameterName = name;
        if (value != parameter)
            parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }

    private static bool IsName(string token) => token[0] == '@' && token[1] != '@';

    // What is quoted or a comment has no parameters, and a variable of MySQL (@@name) is none.
    [GeneratedRegex("""'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(?<tag>\w*)\$.*?\$\k<tag>\$|@@\w+|@[A-Za-z_]\w*""", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();
}
