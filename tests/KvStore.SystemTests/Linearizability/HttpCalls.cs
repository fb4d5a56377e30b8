using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>From calls to requests, and from responses to answers.</summary>
/// <param name="prefix">What the keys of one history begin with, so that no other history writes them.</param>
internal sealed class HttpCalls(string prefix)
{
    private readonly TransactionHttp _transactions = new(prefix);

    public string RequestOf(Call call) => call switch
    {
        Get get => $"GET {PathOf(get.Key)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        Put put => $"PUT {PathOf(put.Key)} HTTP/1.1\r\nHost: localhost\r\n{put.Condition.Header}Content-Type: text/plain\r\nContent-Length: {put.Value.Length}\r\n\r\n{put.Value}",
        Delete delete => $"DELETE {PathOf(delete.Key)} HTTP/1.1\r\nHost: localhost\r\n{delete.Condition.Header}\r\n",
        Add add => $"POST /v1/counters/{prefix}{Call.NameOf(add.Key)}?by={add.By} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        List { IsBatch: true } list => WithBody("POST /v1/batch/get", "application/json", _transactions.BatchOf(list)),
        List => $"GET /v1/kv?prefix={prefix}&values=true HTTP/1.1\r\nHost: localhost\r\n\r\n",
        Patch patch => WithBody($"PATCH {PathOf(patch.Key)}", "application/merge-patch+json", $$"""{"{{patch.Member}}":{{patch.Number}}}"""),
        DeletePrefix => $"DELETE /v1/kv?prefix={prefix} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        Transaction transaction => WithBody("POST /v1/txn", "application/json", _transactions.BodyOf(transaction)),
        _ => throw new InvalidOperationException($"Unknown call {call}."),
    };

    /// <exception cref="InvalidDataException">No call here may be answered like that.</exception>
    public Answer AnswerOf(Call call, Response response)
    {
        if (response.Status is not (200 or 201 or 204 or 404 or 409 or 412))
            throw new InvalidDataException($"{call} was answered with {response}");
        return new Answer(response.Status, response.Revision ?? -1)
        {
            EntryRevision = response.ETag is { } tag ? long.Parse(tag.AsSpan(1, tag.Length - 2), CultureInfo.InvariantCulture) : null,
            Value = response.Status != 200 ? null : call switch
            {
                Get or Add => response.Text,
                DeletePrefix => response.Json.GetProperty("deleted").GetRawText(),
                _ => null,
            },
            Registers = call is List list ? [.. RegistersOf(list, response)] : [],
            Results = call is Transaction done && response.Status == 200 ? [.. TransactionHttp.ResultsOf(done, response)] : [],
            Failed = call is Transaction && response.Status == 412 ? [.. _transactions.FailedOf(response)] : [],
        };
    }

    private static string WithBody(string methodAndPath, string contentType, string body) =>
        $"{methodAndPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private string PathOf(int key) => $"/v1/kv/{prefix}{Call.NameOf(key)}";

    private Register[] RegistersOf(List list, Response response)
    {
        var registers = new Register[list.KeyCount];
        foreach (var item in response.Json.GetProperty("items").EnumerateArray())
            registers[_transactions.KeyOf(item.GetProperty("key"))] = TransactionHttp.RegisterOf(item);
        return registers;
    }
}
