using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Reads the settings of an origin that is a database. What is secret is never part of a problem.</summary>
internal static class OriginSqlSettings
{
    private const int ChannelBytesMax = 63;
    private const string ConnectionForm = "a connection string of the provider, such as Host=db;Username=kvstore;Database=shop for postgresql, Server=db;User ID=kvstore;Database=shop for mysql, or Data Source=/data/shop.db for sqlite";
    private const string LoadForm = "a query with @key, @fullkey, @keys or @fullkeys";
    private const string StatementForm = "a statement, or none";

    private static readonly string[] Providers = ["postgresql", "sqlite", "mysql"];

    /// <summary>Reads them. What is wrong is added to the problems of the reader.</summary>
    /// <param name="settings">The section.</param>
    /// <param name="writesThere">Whether writes of clients reach the database.</param>
    public static OriginSqlOptions Read(SettingsReader settings, bool writesThere)
    {
        var defaults = new OriginSqlOptions { Provider = default, ConnectionString = "", Load = "" };
        var sql = defaults with
        {
            Provider = (SqlProvider)Array.IndexOf(Providers, settings.Choice("Provider", Providers[0], Providers, later: [])),
            ConnectionString = ReadConnection(settings),
            Load = settings.Text("Load", "", LoadForm),
            Store = OptionalText(settings, "Store", StatementForm),
            Delete = OptionalText(settings, "Delete", StatementForm),
            NotifyChannel = OptionalText(settings, "NotifyChannel", "the name of a channel, or none"),
            KeysMax = settings.Integer("KeysMax", defaults.KeysMax, 1, 1000),
            Wait = settings.Duration("Wait", defaults.Wait, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
        };
        CheckConnection(sql, settings);
        CheckStatements(sql, settings, writesThere);
        if (sql.NotifyChannel is { } channel && (sql.Provider != SqlProvider.PostgreSql || Encoding.UTF8.GetByteCount(channel) > ChannelBytesMax))
            settings.Reject("NotifyChannel", $"none, or for postgresql the name of a channel of at most {ChannelBytesMax} bytes", channel);
        settings.RejectUnknown();
        return sql;
    }

    // A file keeps the password out of the list of processes and of what shows an environment.
    private static string ReadConnection(SettingsReader settings)
    {
        var given = settings.Text("ConnectionString", "", ConnectionForm);
        if (OptionalText(settings, "ConnectionStringFile", "the path of a file, or none") is not { } file)
            return given;
        if (given.Length > 0)
            settings.Reject("ConnectionStringFile", "none, because ConnectionString is given too", file);
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            settings.Reject("ConnectionStringFile", "a file that can be read", file);
            return given;
        }
    }

    private static void CheckConnection(OriginSqlOptions sql, SettingsReader settings)
    {
        if (sql.Provider == SqlProvider.Sqlite && !SqliteLibrary.IsPresent)
            settings.Reject("Provider", $"one whose library is here: {SqliteLibrary.FileName} is neither in the system (Debian: libsqlite3-0) nor beside the program", Providers[(int)sql.Provider]);
        else if (!SqlDatabase.Accepts(sql.Provider, sql.ConnectionString))
            settings.Reject("ConnectionString", ConnectionForm, sql.ConnectionString.Length == 0 ? "nothing" : "what is not shown, because it can have a password");
    }

    private static void CheckStatements(OriginSqlOptions sql, SettingsReader settings, bool writesThere)
    {
        if (SqlStatement.FindProblemOfLoad(sql.Load) is { } load)
            settings.Reject("Load", load, OriginSettings.Given(sql.Load));
        if (writesThere && sql.Store is null)
            settings.Reject("Store", "a statement, because writes of clients reach the database", "none");
        else if (sql.Store is { } text && SqlStatement.FindProblemOfStore(text) is { } store)
            settings.Reject("Store", store, text);
        if (writesThere && sql.Delete is null)
            settings.Reject("Delete", "a statement, because writes of clients reach the database", "none");
        else if (sql.Delete is { } other && SqlStatement.FindProblemOfDelete(other) is { } delete)
            settings.Reject("Delete", delete, other);
    }

    private static string? OptionalText(SettingsReader settings, string name, string form) =>
        settings.Text(name, KvStoreOptions.None, form) is var text && text.Equals(KvStoreOptions.None, StringComparison.OrdinalIgnoreCase) ? null : text;
}
