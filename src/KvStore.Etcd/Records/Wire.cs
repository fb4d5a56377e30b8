using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>What both codecs need of protocol buffers: bytes without copies, and the checks of what was parsed.</summary>
internal static class Wire
{
    /// <summary>Parses a message.</summary>
    /// <param name="parser">A parser that drops unknown fields, so that <see cref="CheckWhole"/> finds them missing.</param>
    /// <param name="bytes">The bytes.</param>
    public static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new RecordFormatException($"It is damaged, or another program wrote it: {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Checks that nothing was dropped: a message of known fields alone, each once and in the only encoding that this program writes, has the
    /// same size again. That is cheaper than to compare the bytes, and copies no value.
    /// </summary>
    public static void CheckWhole(IMessage message, int bytes) =>
        Check(message.CalculateSize() == bytes, "it has fields that this version does not know; a later version may have written it");

    /// <summary>Throws unless a condition holds.</summary>
    /// <param name="condition">What must be true.</param>
    /// <param name="problem">What is wrong otherwise.</param>
    public static void Check([DoesNotReturnIf(false)] bool condition, string problem)
    {
        if (!condition)
            throw new RecordFormatException($"It is not valid: {problem}.");
    }

    /// <summary>Bytes as a field, without a copy. They must not change until the message is encoded.</summary>
    public static ByteString Bytes(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);

    /// <summary>A key of the store as a field, without a copy.</summary>
    public static ByteString Bytes(Key key) => Bytes(key.Memory);

    /// <summary>The key of a field, without a copy: a parsed field has an array of its own.</summary>
    public static Key KeyOf(ByteString bytes) => MemoryMarshal.TryGetArray(bytes.Memory, out var array)
        ? new Key(array.Array!, array.Offset, array.Count)
        : Key.FromStored(bytes.Span);

    /// <summary>Checks a content type.</summary>
    public static string CheckContentType(string contentType)
    {
        Span<byte> ascii = stackalloc byte[Entry.ContentTypeLengthMax];
        Check(
            Ascii.FromUtf16(contentType, ascii, out var length) == OperationStatus.Done && StoredFields.IsContentType(ascii[..length]),
            "a content type is not valid");
        return contentType;
    }

    /// <summary>The expiry of a field.</summary>
    public static long ExpiryOf(bool isPresent, long milliseconds)
    {
        Check(!isPresent || StoredFields.IsTime(milliseconds), "an expiry is out of range");
        return isPresent ? milliseconds : Entry.Never;
    }
}
