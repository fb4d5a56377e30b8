namespace KvStore.Fuzz;

/// <summary>Mutations of the request line: path, query, method and version.</summary>
internal static class TargetMutations
{
    private const int LongQueryBytes = 20_000;

    private static readonly string[] Parents = ["/v1/kv/" + Material.Prefix, "/v1/kv/" + Material.Prefix + "a/", "/v1/counters/" + Material.Prefix, "/swagger/", "/openapi/", "/docs/", "/"];

    private static readonly string[] Fragments =
        ["%", "%0", "%zz", "%00", "%ED%A0%80", "%FF", "%C3", "%EF%BB%BF", "%23", "#", "+", "%2B", "&", "&&", "=", "==", "?", "-", "1e5", ".", "/", "//", "%2F", "..", "%2e%2e", "99999999999999999999", "9223372036854775808", "true", "\xC3\xA9", "%0A", ";", "\\"];

    public static void Apply(RequestParts request, Material material)
    {
        switch (material.Random.Next(12))
        {
            case 0:
                request.Target = material.Of(Parents) + material.Of(Garbage.Paths);
                Reroute(request);
                break;
            case 1:
                request.Target = material.Of(Garbage.Targets);
                Reroute(request);
                break;
            case 2 or 3:
                request.AddQuery(material.Of(Garbage.Queries));
                Check(request);
                break;
            case 4:
                request.AddQuery("cursor=" + DamagedCursor(material));
                break;
            case 5 or 6:
                Insert(request, material, material.Of(Fragments));
                break;
            case 7:
                Insert(request, material, ((char)material.Random.Next(256)).ToString());
                break;
            case 8:
                RepeatParameter(request, material);
                break;
            case 9:
                Escape(request, material);
                break;
            case 10:
                request.Method = material.Of(Garbage.Methods);
                request.IsStream |= request.Target.StartsWith("/v1/watch", StringComparison.Ordinal);
                Reroute(request);
                request.BreaksHttp = true;
                break;
            default:
                if (material.Once(3))
                {
                    request.Version = material.Of(Garbage.Versions);
                    request.BreaksHttp = true;
                }
                else
                {
                    request.AddQuery(new string('q', LongQueryBytes));
                }

                break;
        }
    }

    private static void Insert(RequestParts request, Material material, string text)
    {
        request.Target = request.Target.Insert(material.Random.Next(request.Target.Length + 1), text);
        request.Waits |= request.Target.Contains("wait", StringComparison.Ordinal);
        Reroute(request);
    }

    private static void RepeatParameter(RequestParts request, Material material)
    {
        var query = request.Target.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
            return;
        var parameters = request.Target[(query + 1)..].Split('&');
        request.AddQuery(material.Of(parameters));
    }

    private static void Escape(RequestParts request, Material material)
    {
        if (request.Target.Length < 2)
            return;
        var at = material.Random.Next(1, request.Target.Length);
        request.Target = $"{request.Target[..at]}%{(int)request.Target[at]:x2}{request.Target[(at + 1)..]}";
        Reroute(request);
    }

    private static void Reroute(RequestParts request)
    {
        request.ChangesRoute = true;
        Check(request);
    }

    // A line break in the target begins a header, or even another request; HTTP/0.9 has no version. What is no path ends the connection, and the answer
    // can be lost if more is sent behind it.
    private static void Check(RequestParts request) =>
        request.BreaksHttp |= request.Target.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0 || !request.Target.StartsWith('/');

    /// <summary>A real cursor with one bit flipped, cut short, or with something after it.</summary>
    private static string DamagedCursor(Material material)
    {
        var cursor = material.Cursor();
        var at = material.Random.Next(cursor.Length);
        return material.Random.Next(4) switch
        {
            0 => cursor[..at],
            1 => cursor + material.Of("A", "=", "%00", "AAAAAAAA"),
            2 => cursor.Remove(at, 1),
            _ => cursor[..at] + material.Of('A', 'b', '9', '-', '_') + cursor[(at + 1)..],
        };
    }
}
