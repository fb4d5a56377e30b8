using System.Text;

namespace KvStore.Fuzz;

/// <summary>A kind of valid requests that make the service do, hold or write more than they contain.</summary>
internal sealed record Sequence(string Name, Func<Material, long, FuzzCase> Make)
{
    public static readonly Sequence[] All = [.. WriteSequences.All, .. ReadSequences.All, .. ConnectionSequences.All];

    /// <summary>A request of a sequence. Statuses of overload are right for any of them, and every other one that its operation documents.</summary>
    public static FuzzRequest Request(string method, string path, string text)
    {
        var route = Routes.All.Single(route => route.Method == method && route.Path == path);
        return new FuzzRequest(route, Encoding.Latin1.GetBytes(text), method == "HEAD");
    }
}
