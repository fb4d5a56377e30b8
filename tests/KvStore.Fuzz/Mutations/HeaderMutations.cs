namespace KvStore.Fuzz;

/// <summary>Mutations of headers: names, values, duplicates, sizes.</summary>
internal static class HeaderMutations
{
    private const int HugeBytes = 70_000;
    private const int ManyHeaders = 300;

    public static void Apply(RequestParts request, Material material)
    {
        // Of a request that has lost its only header there is nothing to repeat.
        switch (request.Headers.Count == 0 ? 0 : material.Random.Next(12))
        {
            case 0 or 1:
                AddLine(request, material.Of(Garbage.OddHeaders));
                break;
            case 2:
                request.Add(material.Of("If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID", "KvStore-Store-Id", "If-Foo", "Content-Digest", "Trailer"), material.Of(Garbage.ETags));
                break;
            case 3:
                request.Set("Content-Type", material.Of(Garbage.ContentTypes));
                break;
            case 4:
                Repeat(request, material);
                break;
            case 5:
                Rename(request, material, name => material.Once(2) ? name.ToUpperInvariant() : name.ToLowerInvariant());
                break;
            case 6:
                Rename(request, material, name => name + material.Of("-", "x", " ", "\t", "\x80", "\0", "_"));
                request.BreaksHttp = true;
                break;
            case 7:
                Pad(request, material);
                break;
            case 8:
                request.Add("X-Huge", new string('h', HugeBytes));
                request.BreaksHttp = true;
                break;
            case 9:
                for (var i = 0; i < ManyHeaders; i++)
                    request.Add("X-Many", "h");
                request.BreaksHttp = true;
                break;
            case 10:
                request.Headers.RemoveAll(header => header.Name == "Host");
                request.BreaksHttp = true;
                break;
            default:
                AddLine(request, material.Of(Garbage.BrokenHeaders));
                request.BreaksHttp = true;
                break;
        }
    }

    private static void Repeat(RequestParts request, Material material)
    {
        var (name, value) = request.Headers[material.Random.Next(request.Headers.Count)];
        request.Headers.Insert(material.Random.Next(request.Headers.Count + 1), (name, value));
        request.BreaksHttp |= name == "Host";
    }

    private static void Rename(RequestParts request, Material material, Func<string, string> rename)
    {
        var at = material.Random.Next(request.Headers.Count);
        request.Headers[at] = (rename(request.Headers[at].Name), request.Headers[at].Value);
    }

    private static void Pad(RequestParts request, Material material)
    {
        var at = material.Random.Next(request.Headers.Count);
        var (name, value) = request.Headers[at];
        request.Headers[at] = (name, material.Of(" ", "\t", "   ") + value + material.Of(" ", "\t", " \t "));
    }

    // Lines of the tables may lack what makes a header, or have two.
    private static void AddLine(RequestParts request, string line)
    {
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        request.Headers.Insert(0, colon < 0 ? (line, "") : (line[..colon], line[(colon + 2)..]));
        request.BreaksHttp |= line.StartsWith("Upgrade", StringComparison.Ordinal) || line.StartsWith("Expect", StringComparison.Ordinal) || line.StartsWith("Connection", StringComparison.Ordinal);
    }
}
