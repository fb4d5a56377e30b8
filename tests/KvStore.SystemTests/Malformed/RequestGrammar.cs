using System.Text;

namespace KvStore.SystemTests;

/// <summary>A request, what it is as bytes, and what may be expected of the answer.</summary>
internal sealed record MalformedRequest(byte[] Bytes, bool IsHead, bool BreaksHttp, bool IsIncomplete)
{
    public override string ToString()
    {
        var text = Encoding.Latin1.GetString(Bytes).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\0", "\\0", StringComparison.Ordinal);
        return text.Length <= 600 ? text : text[..600] + $"... ({Bytes.Length} bytes)";
    }
}

/// <summary>
/// Makes requests that are right and breaks them in one to three places. Writes, where one is let through, are below
/// <see cref="KeyPrefix"/> or are persons with numbers of seven digits.
/// </summary>
internal sealed class RequestGrammar(Random random, IReadOnlyList<string> cursors)
{
    public const string KeyPrefix = "fuzz/";

    public MalformedRequest Next()
    {
        var request = Right();
        var mutations = random.Next(1, 4);
        for (var i = 0; i < mutations; i++)
            Mutate(request);
        return new MalformedRequest(request.ToBytes(), request.Method == "HEAD", request.BreaksHttp, request.IsIncomplete);
    }

    private RequestParts Right() => random.Next(10) switch
    {
        0 => new RequestParts { Method = "PUT", Target = "/v1/kv/" + KeyPrefix + random.Next(100), Body = "value" },
        1 => new RequestParts { Method = Of("GET", "HEAD"), Target = "/v1/kv/" + KeyPrefix + random.Next(100) },
        2 => new RequestParts { Method = "DELETE", Target = "/v1/kv/" + KeyPrefix + random.Next(100) },
        3 => new RequestParts { Target = "/v1/kv?prefix=" + KeyPrefix },
        4 => Json(new RequestParts { Method = "PUT", Target = "/person/update", Body = """{"id":7777777,"name":"a"}""" }),
        5 => Json(new RequestParts { Target = "/person/get", Body = """{"id":7777777}""" }),
        6 => new RequestParts { Method = "POST", Target = "/v1/kv/" + KeyPrefix, Body = "value" },
        7 => new RequestParts { Method = "POST", Target = "/v1/counters/" + KeyPrefix + "counter" },
        8 => MergePatch(new RequestParts { Method = "PATCH", Target = "/v1/kv/" + KeyPrefix + random.Next(100), Body = """{"a":null}""" }),
        _ => new RequestParts { Method = "DELETE", Target = "/v1/kv?prefix=" + KeyPrefix },
    };

    private void Mutate(RequestParts request)
    {
        switch (random.Next(14))
        {
            case 0 or 1:
                request.Target = Of("/v1/kv/" + KeyPrefix, "/v1/kv/" + KeyPrefix + "a/", "/swagger/", "/openapi/", "/") + Of(Garbage.Paths);
                break;
            case 2:
                request.Target = Of(Garbage.Targets);
                break;
            case 3 or 4:
                request.Target += (request.Target.Contains('?', StringComparison.Ordinal) ? "&" : "?") + (random.Next(4) == 0 ? "cursor=" + BrokenCursor() : Of(Garbage.Queries));
                break;
            case 5:
                request.Add(Of("If-Match", "If-None-Match", "Idempotency-Key"), Of(Garbage.ETags));
                break;
            case 6:
                request.Set("Content-Type", Of(Garbage.ContentTypes));
                break;
            case 7:
                Json(request).Body = Of(Garbage.JsonTexts);
                break;
            case 8:
                request.Method = Of(Garbage.Methods);
                break;
            case 9:
                AddLine(request, Of(Garbage.OddHeaders));
                break;
            case 10:
                BreakHeaders(request);
                break;
            case 11:
                BreakChunks(request);
                break;
            case 12:
                ShortenBody(request);
                break;
            default:
                ReplaceAnyByte(request);
                break;
        }
    }

    private void BreakHeaders(RequestParts request)
    {
        request.BreaksHttp = true;
        switch (random.Next(5))
        {
            case 0:
                request.Add("X-Huge", new string('h', 70_000));
                break;
            case 1:
                for (var i = 0; i < 300; i++)
                    request.Add("X-Many", "h");
                break;
            case 2:
                request.Version = Of(Garbage.Versions);
                break;
            case 3:
                request.Headers.RemoveAll(header => header.Name == "Host");
                break;
            default:
                AddLine(request, Of(Garbage.BrokenHeaders));

                // A length that is understood after all may announce more than there is.
                request.IsIncomplete = true;
                break;
        }
    }

    private void BreakChunks(RequestParts request)
    {
        request.Set("Transfer-Encoding", "chunked");
        request.AnnouncesLength = random.Next(4) == 0;
        request.Body = Of(Garbage.BrokenChunks);
        request.BreaksHttp = true;
        request.IsIncomplete = true;
    }

    private void ShortenBody(RequestParts request)
    {
        request.AnnouncesLength = false;
        request.Set("Content-Length", Of("100", "1048576", "1048577", "99999999", "9223372036854775807"));
        request.IsIncomplete = true;
    }

    private void ReplaceAnyByte(RequestParts request)
    {
        var at = random.Next(request.Target.Length + 1);
        request.Target = request.Target.Insert(at, ((char)random.Next(256)).ToString());
    }

    /// <summary>A real cursor with one bit turned, cut short, or with something behind it.</summary>
    private string BrokenCursor()
    {
        var cursor = Of([.. cursors]);
        var at = random.Next(cursor.Length);
        return random.Next(4) switch
        {
            0 => cursor[..at],
            1 => cursor + Of("A", "=", "%00", "AAAAAAAA"),
            2 => cursor.Remove(at, 1),
            _ => cursor[..at] + (char)(cursor[at] ^ (1 << random.Next(7))) + cursor[(at + 1)..],
        };
    }

    private static RequestParts Json(RequestParts request) => Typed(request, "application/json");

    private static RequestParts MergePatch(RequestParts request) => Typed(request, "application/merge-patch+json");

    private static RequestParts Typed(RequestParts request, string contentType)
    {
        request.Set("Content-Type", contentType);
        return request;
    }

    private static void AddLine(RequestParts request, string line)
    {
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        request.Headers.Insert(0, colon < 0 ? (line, "") : (line[..colon], line[(colon + 2)..]));
    }

    private T Of<T>(params T[] choices) => choices[random.Next(choices.Length)];
}
