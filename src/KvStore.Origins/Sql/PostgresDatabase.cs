using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace KvStore.Origins;

/// <summary>PostgreSQL, and what speaks its protocol. Thread-safe.</summary>
internal sealed class PostgresDatabase : SqlDatabase
{
    private readonly NpgsqlDataSource _source;

    public PostgresDatabase(string connectionString, int connectionsMax)
    {
        var settings = Read(connectionString);
        settings.MaxPoolSize = connectionsMax;
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, connectionsMax);
        _source = Build(settings);
    }

    /// <summary>Reads a connection string. How long a statement may take is decided by who executes it.</summary>
    public static NpgsqlConnectionStringBuilder Read(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0 };
        settings.ApplicationName ??= ApplicationName;
        return settings;
    }

    /// <summary>Makes connections with nothing that loads and writes do not need, which keeps the native program small.</summary>
    public static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder settings)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableTransportSecurity();
        return builder.Build();
    }

    /// <summary>What an exception of Npgsql means.</summary>
    public static SqlError MeaningOf(DbException exception) => exception is not PostgresException { SqlState: { Length: 5 } state } error
        ? SqlError.Disconnected
        : state[..2] switch
        {
            // Authorization, and a database that is not there.
            "28" or "3D" => SqlError.NotAdmitted(state),

            // The connection, an operator's intervention, the system, an internal error: they can come in the middle of a commit.
            "08" or "57" or "58" or "XX" => SqlError.Failed(state, error.MessageText) with { MayBeExecuted = true },

            // What was undone because of another transaction, and what is short.
            "40" or "53" => SqlError.Failed(state, error.MessageText),

            // A standby that was the primary; a lock, or something in use.
            _ when state is "25006" or "55P03" or "55006" => SqlError.Failed(state, error.MessageText),
            _ => SqlError.Refused(state, error.MessageText),
        };

    public override async ValueTask<DbConnection> ConnectAsync(CancellationToken cancellationToken) => await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);

    public override object ParameterOf(string key) => Literal(key);

    public override object ParameterOf(string[] keys) => Literal('{' + string.Join(',', keys.Select(key => '"' + key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"')) + '}');

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    protected override SqlError ErrorOf(DbException exception) => MeaningOf(exception);

    // The server takes its type from what it is compared with, as that of a literal, so keys can be numbers there.
    private static NpgsqlParameter Literal(string text) => new() { NpgsqlDbType = NpgsqlDbType.Unknown, Value = text };
}
