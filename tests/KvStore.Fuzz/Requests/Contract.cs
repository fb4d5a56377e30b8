using System.Text.Json;

namespace KvStore.Fuzz;

/// <summary>Which statuses each operation documents, from the service's own OpenAPI document.</summary>
internal sealed class Contract
{
    // What HTTP itself demands of any server, whatever it serves.
    private static readonly int[] OfHttp = [400, 403, 404, 405, 408, 413, 414, 417, 421, 431, 501];
    private const int HttpVersionNotSupported = 505;

    // The root leads to Swagger UI, whose files have validators.
    private static readonly int[] OfPages = [200, 301, 302, 304];

    private static readonly string[] Methods = ["get", "head", "put", "post", "patch", "delete"];

    private readonly Dictionary<(string Method, string Path), HashSet<int>> _statuses = [];
    private readonly HashSet<int> _any = [.. OfHttp, .. OfPages];

    private Contract(JsonElement document)
    {
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject().Where(operation => Methods.Contains(operation.Name)))
            {
                var statuses = operation.Value.GetProperty("responses").EnumerateObject().Select(response => int.Parse(response.Name, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet();
                _statuses[(operation.Name.ToUpperInvariant(), path.Name)] = statuses;
                _any.UnionWith(statuses);
            }
        }
    }

    public IReadOnlyCollection<(string Method, string Path)> Operations => _statuses.Keys;

    public static async Task<Contract> ReadAsync(Uri address, CancellationToken cancellationToken = default)
    {
        using var client = new HttpClient();
        using var document = JsonDocument.Parse(await client.GetStringAsync(new Uri(address, "/openapi/v1.json"), cancellationToken));
        return new Contract(document.RootElement);
    }

    /// <summary>Whether the status is documented for what answers the request.</summary>
    public bool Allows(FuzzRequest request, int status) => request switch
    {
        { BreaksHttp: true } => _any.Contains(status) || status == HttpVersionNotSupported,
        { ChangesRoute: true } => _any.Contains(status),
        { Route: { } route } when _statuses.TryGetValue((route.Method, route.Path), out var statuses) => statuses.Contains(status),
        _ => _any.Contains(status),
    };
}
