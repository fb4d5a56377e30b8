using System.Buffers;
using System.Data.Common;
using System.Globalization;
using System.Text;

namespace KvStore.Origins;

/// <summary>The value of a column, as an entry has it.</summary>
/// <param name="Bytes">The bytes; null for NULL.</param>
/// <param name="ContentType">The media type that the type of the column stands for; empty for none.</param>
/// <param name="Problem">Why there is no value; null if there is one, or NULL.</param>
internal readonly record struct SqlValue(byte[]? Bytes, string ContentType, string? Problem);

/// <summary>Turns columns into values: bytes as they are, text as UTF-8, numbers and truth values as JSON. Anything else has to be cast by the query, which knows how it is to look.</summary>
internal sealed class SqlValueReader(DbDataReader reader, int bytesMax)
{
    private const string Json = "application/json";
    private const string PlainText = "text/plain; charset=utf-8";
    private const int BufferLength = 4096;

    private static readonly SqlValue Null = new(null, "", null);

    /// <summary>Reads a column of the row that the reader has advanced to.</summary>
    public async Task<SqlValue> ReadAsync(int column, CancellationToken cancellationToken)
    {
        if (await reader.IsDBNullAsync(column, cancellationToken).ConfigureAwait(false))
            return Null;
        try
        {
            var type = reader.GetFieldType(column);
            return type == typeof(byte[]) ? await ReadBytesAsync(column, cancellationToken).ConfigureAwait(false)
                : type == typeof(string) ? await ReadTextAsync(column, cancellationToken).ConfigureAwait(false)
                : OfScalar(reader.GetValue(column));
        }
        catch (Exception exception) when (exception is OverflowException or InvalidCastException)
        {
            // The provider does not know the type, or the number is too large for .NET.
            return Unknown(column);
        }

        SqlValue OfScalar(object value) => value switch
        {
            bool truth => Of(truth ? "true" : "false", Json),
            double number when !double.IsFinite(number) => Of(number.ToString(CultureInfo.InvariantCulture), PlainText),
            float number when !float.IsFinite(number) => Of(number.ToString(CultureInfo.InvariantCulture), PlainText),
            byte or sbyte or short or ushort or int or uint or long or ulong or float or double or decimal => Of(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture), Json),
            _ => Unknown(column),
        };
    }

    private static SqlValue Of(string text, string contentType) => new(Encoding.UTF8.GetBytes(text), contentType, null);

    private SqlValue Unknown(int column) => new(null, "", $"The column value is {reader.GetDataTypeName(column)}, which the query must cast to text, JSON or bytes.");

    private SqlValue TooLarge() => new(null, "", $"The database has a value of more than {bytesMax} bytes.");

    private async Task<SqlValue> ReadBytesAsync(int column, CancellationToken cancellationToken)
    {
        var stream = reader.GetStream(column);
        await using (stream.ConfigureAwait(false))
        {
            var bytes = new ArrayBufferWriter<byte>(BufferLength);
            while (await stream.ReadAsync(bytes.GetMemory(BufferLength), cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                bytes.Advance(count);
                if (bytes.WrittenCount > bytesMax)
                    return TooLarge();
            }

            return new SqlValue(bytes.WrittenSpan.ToArray(), "", null);
        }
    }

    private async Task<SqlValue> ReadTextAsync(int column, CancellationToken cancellationToken)
    {
        var contentType = reader.GetDataTypeName(column) is var name && (name.Equals("json", StringComparison.OrdinalIgnoreCase) || name.Equals("jsonb", StringComparison.OrdinalIgnoreCase)) ? Json : PlainText;
        using var text = reader.GetTextReader(column);
        var bytes = new ArrayBufferWriter<byte>(BufferLength);
        var encoder = Encoding.UTF8.GetEncoder();
        var buffer = new char[BufferLength];
        while (await text.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            encoder.Convert(buffer.AsSpan(0, count), bytes, flush: false, out _, out _);
            if (bytes.WrittenCount > bytesMax)
                return TooLarge();
        }

        encoder.Convert([], bytes, flush: true, out _, out _);
        return new SqlValue(bytes.WrittenSpan.ToArray(), contentType, null);
    }
}
