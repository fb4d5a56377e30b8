#if !NET9_0_OR_GREATER
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace KvStore.Client;

/// <summary>What .NET 8 does not have yet.</summary>
internal static class Polyfills
{
    /// <summary>The response is disposed of by its caller when the wait is cancelled, which ends the read.</summary>
    public static Task LoadIntoBufferAsync(this HttpContent content, long bytesMax, CancellationToken cancellationToken) =>
        content.LoadIntoBufferAsync(bytesMax).WaitAsync(cancellationToken);

    /// <summary>A UUID of version 7 (RFC 9562), which begins with the time.</summary>
    public static Guid NewGuidVersion7()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[6..]);
        var time = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(time >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)time);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
#endif
