using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KvStore.Origins;

/// <summary>A file of SQLite. Thread-safe.</summary>
/// <remarks>The library works on the thread that calls it and waits there for locks, so each piece of work has a thread of its own: the threads that serve requests must not wait.</remarks>
internal sealed class SqliteDatabase : SqlDatabase
{
    // How long the driver waits for a lock, in seconds. A load is repeated anyway.
    private const int LockWait = 1;

    private readonly string _connectionString;

    /// <param name="connectionString">The connection string.</param>
    /// <param name="isWritten">Whether it is written to.</param>
    public SqliteDatabase(string connectionString, bool isWritten)
    {
        var settings = Read(connectionString);

        // A file that is missing is a mistake, not a new database.
        if (settings.Mode == SqliteOpenMode.ReadWriteCreate)
            settings.Mode = isWritten ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly;
        _connectionString = settings.ConnectionString;
    }

    /// <summary>Reads a connection string. The library must have been loaded.</summary>
    public static SqliteConnectionStringBuilder Read(string connectionString) =>
        new SqliteConnectionStringBuilder(connectionString) is { DataSource.Length: > 0 } settings ? settings : throw new ArgumentException("There is no file.", nameof(connectionString));

    public override async ValueTask<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        SqliteLibrary.Load();
        var connection = new SqliteConnection(_connectionString) { DefaultTimeout = LockWait };
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override Task<T> RunAsync<T>(Func<Task<T>> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    public override CancellationTokenRegistration Interrupt(DbConnection connection, CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), ((SqliteConnection)connection).Handle);

    public override object ParameterOf(string[] keys) => SqlKeys.ToJson(keys);

    public override ValueTask DisposeAsync()
    {
        SqliteConnection.ClearPool(new SqliteConnection(_connectionString));
        return ValueTask.CompletedTask;
    }

    protected override SqlError ErrorOf(DbException exception)
    {
        if (exception is not SqliteException error)
            return SqlError.Disconnected;
        var code = error.SqliteErrorCode.ToString(CultureInfo.InvariantCulture);
        return error.SqliteErrorCode switch
        {
            raw.SQLITE_CANTOPEN or raw.SQLITE_AUTH or raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT => SqlError.NotAdmitted(code),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_INTERRUPT or raw.SQLITE_NOMEM or raw.SQLITE_FULL or raw.SQLITE_SCHEMA => SqlError.Failed(code, error.Message),
            raw.SQLITE_IOERR => SqlError.Failed(code, error.Message) with { MayBeExecuted = true },
            _ => SqlError.Refused(code, error.Message),
        };
    }
}
