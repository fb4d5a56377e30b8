using System.Globalization;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>
/// What holds for every answer, checked on every answer that any test gets: the status is one that the OpenAPI document
/// declares for the operation, nothing is the service's fault, and errors are problem details whose type has its heading.
/// </summary>
internal static class Contract
{
    // Larger pages have the same names, and would make the tests slow.
    private const int NamesBytesMax = 64 * 1024;

    private static readonly string[] KeyPathPrefixes = ["/v1/kv/", "/v1/counters/", "/v1/crdt/"];

    private static readonly SemaphoreSlim Loading = new(1, 1);
    private static Dictionary<(string Method, string Path), HashSet<int>>? _declared;

    /// <summary>Takes the description of the first service that a test starts.</summary>
    public static async Task LoadAsync(KvClient client)
    {
        await Loading.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _declared ??= Read((await client.GetAsync("/openapi/v1.json")).Json);
        }
        finally
        {
            Loading.Release();
        }
    }

    public static void Check(string method, string target, Response answer)
    {
        Assert.True(answer.Status < 500 || answer.Status is 502 or 503 or 504 or 507, $"{method} {target}: {answer}");
        var path = PathOf(target);
        if (path is not null && _declared?.TryGetValue((method, path), out var statuses) == true)
            Assert.True(statuses.Contains(answer.Status), $"The OpenAPI document does not declare this answer to {method} {path}: {answer}");
        if (answer.Status >= 400)
            CheckProblem(method, target, answer);
        else if (method != "OPTIONS")
            CheckSuccess(path, answer);
    }

    private static void CheckProblem(string method, string target, Response answer)
    {
        Assert.True(answer.ContentType == Problem.ContentType, $"{method} {target}: {answer}");
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        if (method == "HEAD")
        {
            Assert.Empty(answer.Body);
            return;
        }

        var problem = answer.Json;
        Assert.Equal(answer.Status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.Matches(@"^[A-Z""](.|\n)*\.$", problem.GetProperty("detail").GetString()!);
        CheckNames(problem);
        Assert.Contains(problem.GetProperty("type").GetString()!, ApiDocs.ProblemTypes);
    }

    private static readonly string[] Bulk = ["/v1/txn", "/v1/batch/get", "/v1/export", "/v1/import"];

    // Everything that a client stored and gets back, or that tells of it, says its revision and must not be sniffed.
    private static void CheckSuccess(string? path, Response answer)
    {
        if (path is null or "/openapi/v1.json")
            return;
        if (path.Contains("kv", StringComparison.Ordinal) || path.Contains("{key}", StringComparison.Ordinal) || path.StartsWith("/person/", StringComparison.Ordinal) || Bulk.Contains(path))
        {
            // The answer of an import that tells its progress begins before there is a revision.
            if (path == "/v1/import" && answer.ContentType != "application/json")
                return;

            Assert.NotNull(answer.Revision);
            if (answer.Status == 200)
                Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        }

        // What is below {key} and /person/ is a value.
        if (answer.ContentType == ContentTypes.Json && answer.Body.Length is > 0 and < NamesBytesMax && !path.Contains('{', StringComparison.Ordinal) && !path.StartsWith("/person/", StringComparison.Ordinal))
            CheckNames(answer.Json);
    }

    // One spelling of names in all answers.
    private static void CheckNames(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
                CheckNames(item);
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                Assert.Matches("^[a-z0-9]+(_[a-z0-9]+)*$", member.Name);
                if (member.Name.EndsWith("_at", StringComparison.Ordinal) && member.Value.ValueKind == JsonValueKind.String)
                    Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", member.Value.GetString()!);
                if (member.Name != "json")
                    CheckNames(member.Value);
            }
        }
    }

    private static string? PathOf(string target)
    {
        if (!target.StartsWith('/'))
            return null;
        return KeyPathPrefixes.FirstOrDefault(prefix => target.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix ? prefix + "{key}" : target.Split('?')[0];
    }

    private static Dictionary<(string, string), HashSet<int>> Read(JsonElement document) =>
        (from path in document.GetProperty("paths").EnumerateObject()
         from operation in path.Value.EnumerateObject()
         select (Name: (operation.Name.ToUpperInvariant(), path.Name), Responses: operation.Value.GetProperty("responses")))
        .ToDictionary(
            operation => operation.Name,
            operation => operation.Responses.EnumerateObject().Select(response => int.Parse(response.Name, CultureInfo.InvariantCulture)).ToHashSet());
}
