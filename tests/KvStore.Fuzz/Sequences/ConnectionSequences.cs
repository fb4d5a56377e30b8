using System.Text;

namespace KvStore.Fuzz;

/// <summary>Connections that announce, wait and do not read.</summary>
internal static class ConnectionSequences
{
    public static readonly Sequence[] All =
    [
        new("announced-bodies", AnnouncedBodies),
        new("silent-watchers", SilentWatchers),
        new("idle-connections", IdleConnections),
        new("closed-windows", ClosedWindows),
        new("rapid-resets", RapidResets),
        new("frames", Frames),
    ];

    private static FuzzCase AnnouncedBodies(Material material, long number) => Held(number, "announced-bodies", material.Of(
        "POST /v1/txn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8388608\r\n\r\n{",
        "POST /v1/batch/get HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8388608\r\n\r\n{",
        $"PUT /v1/kv/{Material.Prefix}announced HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\nv",
        "POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n800000\r\n{"));

    private static FuzzCase SilentWatchers(Material material, long number)
    {
        // A control character takes six bytes in JSON.
        const string Key = Material.Prefix + "watched";
        return material.Once(2)
            ? FuzzCase.Pipeline(number, "silent-watchers: store", [Sequence.Request("PUT", "/v1/kv/{key}", Texts.Put(Key, new string('\x01', 1 << 20)))])
            : Held(number, "silent-watchers", Texts.Get("/v1/watch?prefix=" + Key));
    }

    private static FuzzCase IdleConnections(Material material, long number) => Held(number, "idle-connections", material.Of("", "G", "GET /livez HTTP/1.1\r\n"));

    private static FuzzCase ClosedWindows(Material material, long number)
    {
        var frames = new Http2Frames().Preface((Http2Frames.InitialWindowSize, 0));
        for (var stream = 1u; stream < 100; stream += 2)
            frames.Request(stream, "GET", $"/v1/kv/{Material.Prefix}read/{material.Random.Next(8)}");
        return new FuzzCase(number, "closed-windows", [new Step(StepKind.Send, frames.Bytes), new Step(StepKind.Hold)], []) { RequestCount = 50 };
    }

    private static FuzzCase RapidResets(Material material, long number)
    {
        const int Resets = 100;
        var frames = new Http2Frames().Preface();
        for (var i = 0u; i < Resets; i++)
            frames.Request((2 * i) + 1, "GET", $"/v1/kv/{material.Key()}?wait=60").Number(Http2Frames.ResetStream, (2 * i) + 1, 8);
        return new FuzzCase(number, "rapid-resets", [new Step(StepKind.Send, frames.Bytes), new Step(StepKind.Frames, Number: 50)], []) { RequestCount = Resets };
    }

    private static FuzzCase Frames(Material material, long number) => Http2Cases.Next(material, number);

    private static FuzzCase Held(long number, string kind, string text) =>
        new(number, kind, [new Step(StepKind.Send, Encoding.Latin1.GetBytes(text)), new Step(StepKind.Hold)], []);
}
