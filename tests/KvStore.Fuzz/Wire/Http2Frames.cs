using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>Writes HTTP/2 frames by hand (RFC 9113), valid or not. Header blocks are literals without an index (RFC 7541).</summary>
internal sealed class Http2Frames
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Priority = 2;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte PushPromise = 5;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    public const int InitialWindowSize = 4;
    public const int FrameHeaderBytes = 9;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    /// <summary>The preface of a client that knows that the service speaks HTTP/2, and its settings.</summary>
    public Http2Frames Preface(params (int Setting, uint Value)[] settings)
    {
        _bytes.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        var payload = new byte[settings.Length * 6];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), (ushort)settings[i].Setting);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((i * 6) + 2), settings[i].Value);
        }

        return Frame(Settings, 0, 0, payload);
    }

    /// <param name="length">The length that the frame announces, if it is not that of the payload.</param>
    public Http2Frames Frame(byte type, byte flags, uint stream, ReadOnlySpan<byte> payload, int? length = null)
    {
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        var announced = length ?? payload.Length;
        header[0] = (byte)(announced >> 16);
        header[1] = (byte)(announced >> 8);
        header[2] = (byte)announced;
        header[3] = type;
        header[4] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(header[5..], stream);
        _bytes.Write(header);
        _bytes.Write(payload);
        return this;
    }

    /// <summary>A request, complete in one frame of headers unless a body follows.</summary>
    public Http2Frames Request(uint stream, string method, string path, bool hasBody = false, params (string Name, string Value)[] headers) =>
        Frame(Headers, (byte)(EndHeaders | (hasBody ? 0 : EndStream)), stream, HeaderBlock([(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost"), .. headers]));

    public Http2Frames Number(byte type, uint stream, uint value)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, value);
        return Frame(type, 0, stream, payload);
    }

    public static byte[] HeaderBlock(params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in headers)
        {
            block.WriteByte(0);
            WriteText(block, name);
            WriteText(block, value);
        }

        return block.ToArray();
    }

    private static void WriteText(MemoryStream block, string text)
    {
        const int PrefixMax = 127;
        if (text.Length < PrefixMax)
        {
            block.WriteByte((byte)text.Length);
        }
        else
        {
            block.WriteByte(PrefixMax);
            var rest = text.Length - PrefixMax;
            for (; rest >= 128; rest /= 128)
                block.WriteByte((byte)((rest % 128) + 128));
            block.WriteByte((byte)rest);
        }

        block.Write(Encoding.Latin1.GetBytes(text));
    }
}
