using System.Data.Common;
using System.Text;
using System.Text.Unicode;

namespace KvStore.Origins;

/// <summary>An origin that is a database: a query for each key, or for many, and a statement for each write. Thread-safe.</summary>
/// <remarks>
/// Keys and values are parameters of statements, never parts of them. A row is a value, and so is the first of several; no row and NULL are the lack of one. The database says nothing of freshness. Each
/// statement commits by itself.
/// </remarks>
internal sealed class SqlOriginSource : IOriginSource, IOriginSink
{
    // The most bytes that the values of a query of many may have together, whatever each of them may have.
    private const long BatchBytesMax = 64 << 20;

    private static readonly WriteResult.Written Written = new();

    private readonly SqlDatabase _database;
    private readonly SqlStatement _load;
    private readonly SqlStatement? _store;
    private readonly SqlStatement? _delete;
    private readonly SqlJournal _journal;
    private readonly int _prefixBytes;
    private readonly int _valueBytesMax;

    /// <param name="options">The settings, which have been validated.</param>
    /// <param name="valueBytesMax">The most bytes of a value. A row with more fails.</param>
    /// <param name="journal">Where calls are logged; null for nowhere. Not disposed of.</param>
    /// <param name="time">The clock.</param>
    public SqlOriginSource(OriginOptions options, int valueBytesMax, OriginJournal? journal, TimeProvider time)
    {
        var sql = options.Sql ?? throw new ArgumentException("The origin is no database.", nameof(options));
        _database = SqlDatabase.Open(sql, options.Workers.Max);
        _load = new SqlStatement(sql.Load);
        _store = sql.Store is null ? null : new SqlStatement(sql.Store);
        _delete = sql.Delete is null ? null : new SqlStatement(sql.Delete);
        _journal = new SqlJournal(journal, time);
        _prefixBytes = Encoding.UTF8.GetByteCount(options.Prefix);
        _valueBytesMax = valueBytesMax;
        KeysMax = _load.TakesMany ? sql.KeysMax : 1;
    }

    /// <inheritdoc/>
    public int KeysMax { get; }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LoadResult>> LoadAsync(IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken)
    {
        string[] keys = [.. requests.Select(request => NameOf(request.Key, isWhole: _load.Names(SqlStatement.FullKey) || _load.Names(SqlStatement.FullKeys)))];
        using var call = _journal.Begin("LOAD", keys);
        Dictionary<string, LoadResult> found = [];
        var error = await ExecuteAsync(_load, command =>
        {
            foreach (var name in (string[])[SqlStatement.Key, SqlStatement.FullKey])
                _load.Bind(command, name, _database.ParameterOf(keys[0]));
            foreach (var name in (string[])[SqlStatement.Keys, SqlStatement.FullKeys])
                _load.Bind(command, name, _database.ParameterOf(keys));
        }, command => ReadAsync(command, keys, found, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (error is { } failed)
        {
            call.Failure = failed.Detail;
            var failure = failed.IsRefusal ? new LoadResult.Failed(LoadFailure.Refused, null, failed.Detail) : new LoadResult.Failed(LoadFailure.BadAnswer, null, failed.Detail) { IsTransient = true };
            return [.. keys.Select(_ => failure)];
        }

        LoadResult[] results = [.. keys.Select(key => found.GetValueOrDefault(key) ?? new LoadResult.Absent(default))];
        call.Complete(results);
        return results;
    }

    /// <inheritdoc/>
    public async Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken)
    {
        var statement = write.Value is null ? _delete : _store;
        using var call = _journal.Begin(write.Value is null ? "DELETE" : "STORE", [NameOf(write.Key, isWhole: true)], write.Value);
        if (statement is null)
            return call.Complete(new WriteResult.Refused("The settings have no statement for such a write."));
        if (!TryGetText(statement, write, out var text))
            return call.Complete(new WriteResult.Refused("The database stores the value as text, and it is not UTF-8."));
        var count = 0;
        var error = await ExecuteAsync(statement, command =>
        {
            statement.Bind(command, SqlStatement.Key, _database.ParameterOf(NameOf(write.Key, isWhole: false)));
            statement.Bind(command, SqlStatement.FullKey, _database.ParameterOf(NameOf(write.Key, isWhole: true)));
            statement.Bind(command, SqlStatement.Value, write.Value?.ToArray());
            statement.Bind(command, SqlStatement.Text, text);
            statement.Bind(command, SqlStatement.ContentType, write.ContentType);
            statement.Bind(command, SqlStatement.Revision, write.Revision);
        }, async command => count = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return call.Complete(error switch
        {
            { IsRefusal: true } refused => new WriteResult.Refused(refused.Detail),
            { } failed => new WriteResult.Failed(LoadFailure.BadAnswer, null, failed.Detail) { MayBeWritten = failed.MayBeExecuted, IsUnreachable = failed.IsUnreachable },

            // A deletion that finds nothing is done. A statement that counts nothing, such as a call of a procedure, has -1.
            null when count == 0 && write.Value is not null => new WriteResult.Refused($"The database has changed no row, so it has a newer revision than {write.Revision}."),
            null => Written,
        });
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private string NameOf(Key key, bool isWhole) => Encoding.UTF8.GetString(isWhole ? key.Utf8 : key.Utf8[_prefixBytes..]);

    // Only if the statement takes the value as text.
    private static bool TryGetText(SqlStatement statement, OriginWrite write, out string? text)
    {
        text = null;
        if (write.Value is not { } value || !statement.Names(SqlStatement.Text))
            return true;
        if (!Utf8.IsValid(value.Span))
            return false;
        text = Encoding.UTF8.GetString(value.Span);
        return true;
    }

    private Task<SqlError?> ExecuteAsync(SqlStatement statement, Action<DbCommand> bind, Func<DbCommand, Task> execute, CancellationToken cancellationToken) => _database.RunAsync(async () =>
    {
        DbConnection connection;
        try
        {
            connection = await _database.ConnectAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (_database.ErrorOf(exception) is { } error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return error.IsUnreachable ? error : SqlError.Unreachable;
        }

        await using (connection.ConfigureAwait(false))
        {
            try
            {
                var command = connection.CreateCommand();
                await using (command.ConfigureAwait(false))
                {
                    command.CommandText = statement.Sql;
                    bind(command);
                    await _database.PrepareAsync(command, cancellationToken).ConfigureAwait(false);
                    using var interrupt = _database.Interrupt(connection, cancellationToken);
                    await execute(command).ConfigureAwait(false);
                    return (SqlError?)null;
                }
            }
            catch (Exception exception) when (_database.ErrorOf(exception) is { } error)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return error;
            }
        }
    });

    private async Task ReadAsync(DbCommand command, string[] keys, Dictionary<string, LoadResult> found, CancellationToken cancellationToken)
    {
        var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var rows = new SqlRows(reader, _valueBytesMax);
            if (rows.FindProblem(_load.TakesMany) is { } problem)
            {
                FailAll(problem);
                return;
            }

            var wanted = keys.ToHashSet();
            var bytesLeft = Math.Min((long)_valueBytesMax * keys.Length, BatchBytesMax);
            while (wanted.Count > 0 && await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var (key, result) = await rows.ReadAsync(cancellationToken).ConfigureAwait(false);

                // A comparison of the database can be looser than that of keys.
                key ??= _load.TakesMany ? null : keys[0];
                if (key is null || !wanted.Remove(key))
                    continue;
                found[key] = result;
                if (result is LoadResult.Found value && (bytesLeft -= value.Value.Length) < 0)
                {
                    FailAll(SqlRows.Bad($"The values of the query have more than {BatchBytesMax} bytes together."));
                    return;
                }
            }
        }

        void FailAll(LoadResult.Failed failure)
        {
            foreach (var key in keys)
                found[key] = failure;
        }
    }
}
