using System.Text;

namespace KvStore.Fuzz;

/// <summary>Mutations of how a body is framed: chunks, extensions, trailers, lengths.</summary>
internal static class FramingMutations
{
    public static void Apply(RequestParts request, Material material)
    {
        switch (material.Random.Next(8))
        {
            case < 4:
                Chunk(request, material);
                break;
            case 4:
                request.Set("Transfer-Encoding", "chunked");
                request.AnnouncesLength = material.Once(4);
                request.Body = material.Of(Garbage.BrokenChunks);
                request.BreaksHttp = true;
                break;
            case 5:
                // Another length than the body has: too little leaves bytes that are read as the next request.
                request.AnnouncesLength = false;
                request.Set("Content-Length", material.Of("0", "1", "100", "1048576", "1048577", "8388608", "99999999", "9223372036854775807"));
                request.BreaksHttp = true;
                break;
            case 6:
                request.Add("Expect", "100-continue");
                break;
            default:
                request.Set("Connection", material.Of("close", "keep-alive", "Close, x", "te"));
                request.BreaksHttp = true;
                break;
        }
    }

    /// <summary>Valid chunks of random sizes, with extensions and trailers now and then.</summary>
    private static void Chunk(RequestParts request, Material material)
    {
        if (request.Headers.Exists(header => header.Name == "Transfer-Encoding"))
            return;
        request.Set("Transfer-Encoding", "chunked");
        request.AnnouncesLength = false;
        var size = material.Of(1, 7, 100, 5000, 1 << 20);
        var body = new StringBuilder();
        for (var at = 0; at < request.Body.Length; at += size)
        {
            var chunk = request.Body.AsSpan(at, Math.Min(size, request.Body.Length - at));
            body.Append(material.Of("", "0", "000")).Append($"{chunk.Length:x}").Append(material.Of("", "", ";a=b", ";a=\"b;c\"")).Append("\r\n").Append(chunk).Append("\r\n");

            // A long body in single bytes costs more here than there.
            size = body.Length > 10_000 ? 1 << 20 : size;
        }

        request.Body = body.Append("0\r\n").Append(material.Of("", "", "X-Trailer: a\r\n")).Append("\r\n").ToString();

        // What mutates the body afterwards mutates the chunks.
        request.BreaksHttp = true;
    }
}
