using System.Data.Common;
using System.Globalization;
using MySqlConnector;

namespace KvStore.Origins;

/// <summary>MySQL or MariaDB. Thread-safe.</summary>
internal sealed class MySqlDatabase : SqlDatabase
{
    // Where the server is looked up already when it is made, which can fail, and later not.
    private readonly Lazy<MySqlDataSource> _source;

    public MySqlDatabase(string connectionString, int connectionsMax)
    {
        var settings = Read(connectionString);
        settings.MaximumPoolSize = (uint)connectionsMax;
        settings.MinimumPoolSize = Math.Min(settings.MinimumPoolSize, (uint)connectionsMax);
        _source = new(() => new MySqlDataSource(settings.ConnectionString), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>Reads a connection string. How long a statement may take is decided by who executes it.</summary>
    public static MySqlConnectionStringBuilder Read(string connectionString)
    {
        var settings = new MySqlConnectionStringBuilder(connectionString) { DefaultCommandTimeout = 0, IgnorePrepare = false };
        if (settings.ApplicationName.Length == 0)
            settings.ApplicationName = ApplicationName;
        return settings;
    }

    public override async ValueTask<DbConnection> ConnectAsync(CancellationToken cancellationToken) => await _source.Value.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);

    // A statement that is not prepared has its parameters written into it as text, whose meaning depends on a mode of the server.
    public override Task PrepareAsync(DbCommand command, CancellationToken cancellationToken) => command.PrepareAsync(cancellationToken);

    public override object ParameterOf(string[] keys) => SqlKeys.ToJson(keys);

    public override ValueTask DisposeAsync() => _source.IsValueCreated ? _source.Value.DisposeAsync() : ValueTask.CompletedTask;

    protected override SqlError ErrorOf(DbException exception)
    {
        if (exception is not MySqlException error)
            return SqlError.Disconnected;
        var code = ((int)error.ErrorCode).ToString(CultureInfo.InvariantCulture);
        return error.ErrorCode switch
        {
            MySqlErrorCode.AccessDenied or MySqlErrorCode.DatabaseAccessDenied or MySqlErrorCode.UnknownDatabase => SqlError.NotAdmitted(code),
            MySqlErrorCode.LockDeadlock or MySqlErrorCode.LockWaitTimeout or MySqlErrorCode.ConnectionCountError or MySqlErrorCode.TooManyUserConnections or MySqlErrorCode.OptionPreventsStatement
                => SqlError.Failed(code, error.Message),
            MySqlErrorCode.ServerShutdown or MySqlErrorCode.QueryInterrupted or MySqlErrorCode.QueryTimeout => SqlError.Failed(code, error.Message) with { MayBeExecuted = true },

            // Without a state it is an error of the driver, whose text may name the server.
            _ when string.IsNullOrEmpty(error.SqlState) || error.SqlState.StartsWith("08", StringComparison.Ordinal) || error.InnerException is not null => SqlError.Disconnected,
            _ => SqlError.Refused(code, error.Message),
        };
    }
}
