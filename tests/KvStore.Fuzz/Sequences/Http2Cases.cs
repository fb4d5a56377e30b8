namespace KvStore.Fuzz;

/// <summary>HTTP/2 with prior knowledge: valid frames with damage, in any order.</summary>
internal static class Http2Cases
{
    private const int FramesMax = 8;
    private const int AnswerMilliseconds = 50;

    public static FuzzCase Next(Material material, long number)
    {
        var frames = new Http2Frames();
        if (material.Once(20))
            frames.Frame(Http2Frames.Settings, 0, 0, []);
        else
            frames.Preface([.. Enumerable.Range(0, material.Random.Next(3)).Select(_ => (material.Random.Next(8), material.Of(0u, 1u, 100u, 65_535u, 0x7FFF_FFFFu, 0xFFFF_FFFFu)))]);

        var stream = 1u;
        for (var i = material.Random.Next(FramesMax) + 1; i > 0; i--)
        {
            Add(frames, material, stream);
            stream += material.Of(0u, 2u, 2u, 2u, 1u);
        }

        var bytes = frames.Bytes.ToArray();
        if (material.Once(4))
            bytes[material.Random.Next(bytes.Length)] = (byte)material.Random.Next(256);
        if (material.Once(8))
            bytes = bytes[..material.Random.Next(1, bytes.Length)];
        return new FuzzCase(number, "frames", [new Step(StepKind.Send, bytes), new Step(StepKind.Frames, Number: AnswerMilliseconds)], []);
    }

    private static void Add(Http2Frames frames, Material material, uint stream)
    {
        switch (material.Random.Next(12))
        {
            case < 3:
                frames.Request(stream, material.Of("GET", "HEAD", "DELETE", "get", ""), "/v1/kv/" + material.Key());
                break;
            case 3:
                var value = material.SmallValue();
                frames.Request(stream, "PUT", "/v1/kv/" + material.Key(), hasBody: true, ("content-length", material.Of($"{value.Length}", "5", "99999999", "-1")))
                    .Frame(Http2Frames.Data, Http2Frames.EndStream, stream, System.Text.Encoding.Latin1.GetBytes(value));
                break;
            case 4:
                frames.Request(stream, "GET", "/v1/kv/" + material.Key(), hasBody: false, material.Of(("connection", "close"), ("Upper", "x"), ("te", "gzip"), (":late", "x"), ("x", new string('h', 40_000)), ("if-match", "*")));
                break;
            case 5:
                // A block that ends in other frames, and one that never ends.
                frames.Frame(Http2Frames.Headers, Http2Frames.EndStream, stream, Http2Frames.HeaderBlock((":method", "GET"), (":scheme", "http")))
                    .Frame(Http2Frames.Continuation, material.Of((byte)0, Http2Frames.EndHeaders), material.Of(stream, stream + 2), Http2Frames.HeaderBlock((":path", "/livez"), (":authority", "localhost")));
                break;
            case 6:
                frames.Number(Http2Frames.ResetStream, stream, (uint)material.Random.Next(15));
                break;
            case 7:
                frames.Number(Http2Frames.WindowUpdate, material.Of(0u, stream), material.Of(0u, 1u, 0x7FFF_FFFFu, 0xFFFF_FFFFu));
                break;
            case 8:
                frames.Frame(Http2Frames.Ping, material.Of((byte)0, (byte)1), 0, new byte[material.Of(8, 7, 0)]);
                break;
            case 9:
                frames.Frame(Http2Frames.Settings, material.Of((byte)0, (byte)1), material.Of(0u, stream), new byte[material.Of(0, 5, 6, 600)]);
                break;
            case 10:
                frames.Frame((byte)material.Random.Next(14), (byte)material.Random.Next(256), material.Of(0u, stream, 0x8000_0001u), new byte[material.Random.Next(64)]);
                break;
            default:
                frames.Frame(material.Of(Http2Frames.Data, Http2Frames.Headers, Http2Frames.GoAway, Http2Frames.Priority, Http2Frames.PushPromise), 0, stream, new byte[8], material.Of(0, 4, 9, 16_384, 16_385, 0xFF_FFFF));
                break;
        }
    }
}
