using System.Data.Common;
using System.Net.Sockets;

namespace KvStore.Origins;

/// <summary>What kinds of databases differ in: how they are connected to, how many keys are a parameter, and what their errors mean. Thread-safe.</summary>
internal abstract class SqlDatabase : IAsyncDisposable
{
    /// <summary>What the service calls itself there. A trigger can leave out what the service has written.</summary>
    public const string ApplicationName = "kvstore";

    /// <summary>Prepares to connect, which happens when there is something to ask.</summary>
    /// <param name="options">The settings, which have been validated.</param>
    /// <param name="connectionsMax">The most connections at a time.</param>
    public static SqlDatabase Open(OriginSqlOptions options, int connectionsMax) => options.Provider switch
    {
        SqlProvider.PostgreSql => new PostgresDatabase(options.ConnectionString, connectionsMax),
        SqlProvider.MySql => new MySqlDatabase(options.ConnectionString, connectionsMax),
        _ => new SqliteDatabase(options.ConnectionString, isWritten: options.Store is not null || options.Delete is not null),
    };

    /// <summary>Whether a text is a connection string of a provider. What is wrong with it is not said, because it has a password.</summary>
    public static bool Accepts(SqlProvider provider, string connectionString)
    {
        try
        {
            _ = provider switch
            {
                SqlProvider.PostgreSql => PostgresDatabase.Read(connectionString).ConnectionString,
                SqlProvider.MySql => MySqlDatabase.Read(connectionString).ConnectionString,
                _ => SqliteDatabase.Read(connectionString).ConnectionString,
            };
            return connectionString.Length > 0;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidOperationException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Connects, or takes a connection that there is.</summary>
    public abstract ValueTask<DbConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Does some work on the database.</summary>
    public virtual Task<T> RunAsync<T>(Func<Task<T>> work) => work();

    /// <summary>Has the parameters of a command sent apart from it, if the provider does not do so anyway.</summary>
    public virtual Task PrepareAsync(DbCommand command, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends what a command does when the token says so, if its asynchronous methods do not.</summary>
    public virtual CancellationTokenRegistration Interrupt(DbConnection connection, CancellationToken cancellationToken) => default;

    /// <summary>A key as a parameter, or the value of one.</summary>
    public virtual object ParameterOf(string key) => key;

    /// <summary>Many keys as one parameter, or the value of one.</summary>
    public abstract object ParameterOf(string[] keys);

    /// <summary>What an exception of a statement means; null if it is none of the database.</summary>
    public SqlError? ErrorOf(Exception exception) => exception switch
    {
        DbException error => ErrorOf(error),
        IOException or SocketException or TimeoutException => SqlError.Disconnected,
        _ => null,
    };

    public abstract ValueTask DisposeAsync();

    /// <summary>What an exception of the provider means.</summary>
    protected abstract SqlError ErrorOf(DbException exception);
}
