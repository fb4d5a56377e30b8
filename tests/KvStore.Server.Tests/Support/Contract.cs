using System.Globalization;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>
/// What holds for every answer, checked on every answer that any test gets: the status is one that the OpenAPI document
/// declares for the operation, nothing is the service's fault, and errors are problem details whose type has its heading.
/// </summary>
internal static class Contract
{
    private static readonly string[] KeyPathPrefixes = ["/v1/kv/", "/v1/counters/"];

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
        Assert.True(answer.Status < 500 || answer.Status is 503 or 504 or 507, $"{method} {target}: {answer}");
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
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
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
