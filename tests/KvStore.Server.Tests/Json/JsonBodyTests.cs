using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Bodies that are not the JSON that they should be: every endpoint that reads one says what is wrong, where, and what to send.</summary>
public sealed class JsonBodyTests(KvServer server) : IClassFixture<KvServer>
{
    /// <summary>The endpoints that read a JSON body, each with a body that is right.</summary>
    public static readonly TheoryData<string, string, string, string> Endpoints = new()
    {
        { "POST", "/v1/txn", "application/json", """{"operations":[{"get":{"key":"é"}}]}""" },
        { "POST", "/v1/batch/get", "application/json", """{"keys":["é"]}""" },
        { "PATCH", "/v1/kv/json", "application/merge-patch+json", """{"é":{"a":[1]}}""" },
        { "PUT", "/person/update", "application/json", """{"id":1,"name":"é"}""" },
        { "GET", "/person/get", "application/json", """{"id":1,"name":"é"}""" },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Read_ByteOrderMark_IsSkipped(string method, string target, string type, string body)
    {
        await PrepareAsync();
        Assert.True((await SendAsync(method, target, type, [.. TextInput.ByteOrderMark, .. Encoding.UTF8.GetBytes(body)])).IsSuccess);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Read_OtherEncoding_IsNamed(string method, string target, string type, string body)
    {
        foreach (var (encoding, name) in new (Encoding, string)[]
        {
            (new UnicodeEncoding(false, true), "is UTF-16"), (new UnicodeEncoding(false, false), "is UTF-16"), (new UnicodeEncoding(true, true), "is UTF-16"), (new UnicodeEncoding(true, false), "is UTF-16"),
            (new UTF32Encoding(false, true), "is UTF-32"), (new UTF32Encoding(false, false), "is UTF-32"), (new UTF32Encoding(true, true), "is UTF-32"), (new UTF32Encoding(true, false), "is UTF-32"),
            (Encoding.Latin1, $"byte {body.IndexOf('é', StringComparison.Ordinal) + 1} (0xE9)"),
        })
        {
            await ExpectAsync(method, target, type, [.. encoding.GetPreamble(), .. encoding.GetBytes(body)], name);
        }

        await ExpectAsync(method, target, type, [0x1F, 0x8B, 8, 0, 0], "compressed with gzip");
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Read_EveryPrefix_SaysThatItEnds(string method, string target, string type, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        foreach (var length in Enumerable.Range(1, bytes.Length - 1))
            await ExpectAsync(method, target, type, bytes[..length], bytes[length] == 0xA9 ? "is not UTF-8" : $"byte {length + 1}: it ends before");
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Read_NotJson_SaysWhy(string method, string target, string type, string body)
    {
        var length = Encoding.UTF8.GetByteCount(body);
        foreach (var (text, detail) in new[]
        {
            (" \r\n", method == "PATCH" ? "is empty. Send a JSON merge patch" : "is empty. Send a JSON object such as {"),
            ("\uFEFF", "is empty"),
            ("{", "byte 2: it ends before"),
            (body + body, $"byte {length + 1}: there is more after"),
            (body + "\nx", "line 2, byte 1: there is more after"),
            (body[..^1] + ",}", $"byte {length + 1}: there is a comma"),
            (body[..^1] + ",\n\t}", "line 2, byte 2: there is a comma"),
            ("// a\n" + body, "line 1, byte 1: JSON has no comments"),
            ("# a\n" + body, "JSON has no comments"),
            (body.Replace('"', '\''), "not in single quotes"),
            ("{id:1}", "byte 2: a name or a text is in double quotes"),
            ("{\"x\":NaN}", "byte 6: JSON has no NaN"),
            ("{\"x\":-Infinity}", "JSON has no NaN and no Infinity"),
            ("{\"x\":True}", "in lower case"),
            ("{\"x\":+1}", "no plus sign"),
            ("{\"x\":01}", "no leading zeros"),
            ("{\"x\":\"a\nb\"}", "a control character (U+000A)"),
            ("{\"x\":\"C:\\data\"}", "there is no such escape"),
            ("{\"x\":\"\0\"}", "a control character (U+0000)"),
            (new string('[', 65), "nested deeper than 64 levels"),
            (string.Concat(Enumerable.Repeat("{\"a\":", 100)), "nested deeper than 64 levels"),
        })
        {
            // Only a patch is read to its end whatever it is, and only a person has members besides its own.
            if (method == "PATCH" || (!text.StartsWith('[') && (method != "POST" || !text.StartsWith("{\"", StringComparison.Ordinal) || text.StartsWith(body[..^1], StringComparison.Ordinal))))
                await ExpectAsync(method, target, type, Encoding.UTF8.GetBytes(text), detail);
        }
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Read_LoneSurrogate_IsRejected(string method, string target, string type, string body)
    {
        foreach (var half in new[] { "\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800\\ud800\\udc00", "\\ud800x\\udc00", "\\ud800\\n", "\\uD800" })
        {
            foreach (var text in new[] { $"{{\"{half}\":1}}", body.Replace("é", half, StringComparison.Ordinal) })
            {
                var answer = await SendAsync(method, target, type, Encoding.UTF8.GetBytes(text));

                // A person has any members besides its own.
                if (method is "PUT" or "GET")
                    Assert.True(answer.Status == 400 || !answer.IsSuccess, answer.ToString());
                else
                    answer.Expect(400);
            }
        }

        await PrepareAsync();
        (await SendAsync(method, target, type, Encoding.UTF8.GetBytes(body.Replace("é", "\\ud83d\\ude00", StringComparison.Ordinal)))).Expect(method == "PATCH" ? 204 : 200);
    }

    [Theory]
    [InlineData("1e400")]
    [InlineData("1E5")]
    [InlineData("1.0")]
    [InlineData("-1")]
    [InlineData("9223372036854775808")]
    [InlineData("\"1\"")]
    [InlineData("null")]
    public async Task Read_NoWholeNumber_SaysTheForm(string number)
    {
        var answer = await server.Client.PostJsonAsync("/v1/txn", $$$"""{"operations":[],"guards":[{"key":"a","revision":{{{number}}}}]}""");
        Assert.Contains("without a fraction or an exponent", answer.ExpectProblem(400, "malformed-request", "guards[0].revision").Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-0")]
    [InlineData("9007199254740993")]
    public async Task Read_WholeNumber_IsExact(string number)
    {
        var answer = await server.Client.PostJsonAsync("/v1/txn", $$$"""{"operations":[],"guards":[{"key":"never","revision":{{{number}}}}]}""");
        answer.Expect(number == "-0" ? 200 : 412);
    }

    private async Task PrepareAsync()
    {
        await server.Client.PutAsync("/v1/kv/json", "{}");
        await server.Client.PutAsync("/v1/kv/person/1", """{"id":1,"name":"Ada"}""");
    }

    private Task<Response> SendAsync(string method, string target, string type, byte[] body) =>
        server.Client.SendAsync(method, target, new ByteArrayContent(body), ("Content-Type", type));

    private async Task ExpectAsync(string method, string target, string type, byte[] body, string detail)
    {
        await PrepareAsync();
        var before = server.Store.Latest;
        var answer = (await SendAsync(method, target, type, body)).ExpectProblem(400, "malformed-request", "body");
        Assert.Contains(detail, answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Same(before, server.Store.Latest);
    }
}
