using System.Data.Common;
using System.Globalization;

namespace KvStore.Origins;

/// <summary>The rows of a query of values, by the names of their columns: <c>value</c>, and <c>key</c> and <c>content_type</c> if it has them.</summary>
/// <remarks>Columns are read in their order, because a row is read as it arrives: a value that is too large is not kept in memory to be found too large.</remarks>
internal sealed class SqlRows
{
    private enum Role
    {
        None,
        Key,
        Value,
        ContentType,
    }

    private readonly DbDataReader _reader;
    private readonly SqlValueReader _values;
    private readonly Role[] _roles;

    /// <param name="reader">The rows.</param>
    /// <param name="bytesMax">The most bytes of a value.</param>
    public SqlRows(DbDataReader reader, int bytesMax)
    {
        _reader = reader;
        _values = new SqlValueReader(reader, bytesMax);
        _roles = [.. Enumerable.Range(0, reader.FieldCount).Select(column => RoleOf(reader.GetName(column)))];
    }

    /// <summary>What is wrong with the columns; null if nothing is.</summary>
    /// <param name="takesMany">Whether the query is one of many keys.</param>
    public LoadResult.Failed? FindProblem(bool takesMany) =>
        !_roles.Contains(Role.Value) ? Bad("The result of the query has no column value.")
        : takesMany && !_roles.Contains(Role.Key) ? Bad("The result of the query of many keys has no column key.")
        : null;

    /// <summary>Reads the row that the reader has advanced to.</summary>
    /// <returns>The key, if the row has one, and what the origin has under it.</returns>
    public async Task<(string? Key, LoadResult Result)> ReadAsync(CancellationToken cancellationToken)
    {
        string? key = null, contentType = null;
        SqlValue value = default;
        for (var column = 0; column < _roles.Length; column++)
        {
            switch (_roles[column])
            {
                case Role.Key:
                    key = await ReadTextAsync(column, cancellationToken).ConfigureAwait(false);
                    break;
                case Role.ContentType:
                    contentType = await ReadTextAsync(column, cancellationToken).ConfigureAwait(false);
                    break;
                case Role.Value:
                    value = await _values.ReadAsync(column, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }

        LoadResult result = value.Problem is not null ? Bad(value.Problem)
            : value.Bytes is { } bytes ? new LoadResult.Found(bytes, contentType ?? value.ContentType, null, default)
            : new LoadResult.Absent(default);
        return (key, result);
    }

    /// <summary>An answer that is no value.</summary>
    public static LoadResult.Failed Bad(string detail) => new(LoadFailure.BadAnswer, null, detail);

    private static Role RoleOf(string name) =>
        name.Equals("key", StringComparison.OrdinalIgnoreCase) ? Role.Key
        : name.Equals("value", StringComparison.OrdinalIgnoreCase) ? Role.Value
        : name.Equals("content_type", StringComparison.OrdinalIgnoreCase) ? Role.ContentType
        : Role.None;

    // A key can be a number there.
    private async Task<string?> ReadTextAsync(int column, CancellationToken cancellationToken) =>
        await _reader.IsDBNullAsync(column, cancellationToken).ConfigureAwait(false) ? null : Convert.ToString(_reader.GetValue(column), CultureInfo.InvariantCulture);
}
