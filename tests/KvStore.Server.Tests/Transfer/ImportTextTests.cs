using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Imports of text that is not what it seems: other encodings, other forms, times that mean nothing.</summary>
public sealed class ImportTextTests(KvServer server) : IClassFixture<KvServer>
{
    private const string Line = """{"key":"form","text":"v"}""";

    [Theory]
    [InlineData("\uFEFF" + Line, 1)]
    [InlineData("\uFEFF" + Line + "\n\uFEFF" + Line, 2)]
    [InlineData("\uFEFF\r\n" + Line + "\r\n", 1)]
    [InlineData(" \t" + Line + " \r\n\r\n\n" + Line, 2)]
    [InlineData("", 0)]
    [InlineData("\n", 0)]
    [InlineData("\uFEFF", 0)]
    public async Task Import_MarksAndWhiteSpace_AreSkipped(string body, int imported)
    {
        var report = (await server.Client.ImportAsync(body)).Expect(200).Json;
        Assert.Equal((imported, 0), (report.GetProperty("imported").GetInt32(), report.GetProperty("failed").GetInt32()));
    }

    [Theory]
    [InlineData("[" + Line + "]", "jq -c '.[]'")]
    [InlineData("[\n\t{\n\t\t\"key\": \"foo\",\n\t\t\"flags\": 0,\n\t\t\"value\": \"YmFy\"\n\t}\n]", "jq -c '.[]'")]
    [InlineData("\n[]", "jq -c '.[]'")]
    [InlineData("{\n  \"key\": \"form\",\n  \"text\": \"v\"\n}", "jq -c .")]
    [InlineData("{\"key\": \"form\",\n\"text\": \"v\"}\n" + Line, "jq -c .")]
    [InlineData("{\"key\": \"fo", "cut off")]
    public async Task Import_OtherForm_IsRejectedWithConversion(string body, string detail)
    {
        foreach (var accept in new[] { "application/json", "application/x-ndjson" })
        {
            var before = server.Store.Latest;
            var answer = (await server.Client.ImportAsync(body, ("Accept", accept))).ExpectProblem(400, "malformed-request", "body");
            Assert.Contains(detail, answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.EndsWith("Nothing was stored.", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.Same(before, server.Store.Latest);
        }
    }

    // As it comes from most programs: on one line, which is longer than any entry.
    [Theory]
    [InlineData("[", "", "jq -c '.[]'")]
    [InlineData("\uFEFF [", "\n" + Line, "jq -c '.[]'")]
    public async Task Import_LargeArray_IsRejectedWithConversion(string start, string end, string detail)
    {
        var before = server.Store.Latest;
        var array = start + string.Join(',', Enumerable.Repeat($$"""{"key":"form","text":"{{new string('x', 1 << 20)}}"}""", 7)) + "]" + end;
        Assert.Contains(detail, (await server.Client.ImportAsync(array)).ExpectProblem(400, "malformed-request", "body").Text, StringComparison.Ordinal);
        Assert.Same(before, server.Store.Latest);
    }

    [Fact]
    public async Task Import_FirstLineTooLong_FailsAlone()
    {
        var line = $$"""{"key":"form","json":[{{new string(' ', 7 << 20)}}]}""";
        var report = (await server.Client.ImportAsync($"{line}\n[\n{Line}")).Expect(200).Json;
        Assert.Equal((1, 2), (report.GetProperty("imported").GetInt32(), report.GetProperty("failed").GetInt32()));
    }

    [Fact]
    public async Task Import_OtherEncoding_IsNamed()
    {
        foreach (var encoding in new Encoding[] { new UnicodeEncoding(false, true), new UnicodeEncoding(false, false), new UnicodeEncoding(true, true), new UTF32Encoding(false, true), new UTF32Encoding(true, false) })
        {
            var answer = await server.Client.ImportAsync([.. encoding.GetPreamble(), .. encoding.GetBytes(Line + "\n" + Line)]);
            Assert.Contains(encoding is UnicodeEncoding ? "UTF-16" : "UTF-32", answer.ExpectProblem(400, "malformed-request", "body").Text, StringComparison.Ordinal);
        }

        (await server.Client.ImportAsync([0x1F, 0x8B, 8, 0])).ExpectProblem(400, "malformed-request", "body");
    }

    [Theory]
    [InlineData("""{"\ud800":1}""", "\\ud800: The member is not known")]
    [InlineData("""{"key":"\ud800","text":"v"}""", "key: The string has half")]
    [InlineData("""{"key":"a","text":"\udc00"}""", "text: The string has half")]
    [InlineData("""{"key":"a","text":"v","content_type":"\ud800"}""", "content_type: The string has half")]
    [InlineData("""{"key":"a","text":"v","expires_at":"\ud800"}""", "expires_at: The string has half")]
    [InlineData("""{"key":"a","text":"v",}""", "The line is not JSON at byte 23: there is a comma")]
    [InlineData("""{"key":"a","json":1e}""", "The line is not JSON at byte")]
    [InlineData("""{"key":"a"} {"key":"b"}""", "The line is not JSON at byte 13: there is more")]
    [InlineData("""{"key":"a","text":"v"},""", "The line is not JSON at byte 23: there is more")]
    [InlineData("""{"key":"a","text":"v",""", "The line is not JSON at byte 23: it ends")]
    [InlineData("""{"key":"a","text":"v" """, "The line is not JSON at byte")]
    [InlineData("""[{"key":"a","text":"v"}]""", "The line is not a JSON object")]
    [InlineData("""{"key":"a","text":"v","text":"w"}""", "text: ")]
    [InlineData("""{"key":"a","key":"b","text":"w"}""", "key: The member is repeated")]
    public async Task Import_BadLineAfterGood_FailsWithItsNumber(string line, string detail)
    {
        var report = (await server.Client.ImportAsync($"{Line}\n\n{line}\n{Line}")).Expect(200).Json;
        Assert.Equal((2, 1), (report.GetProperty("imported").GetInt32(), report.GetProperty("failed").GetInt32()));
        var error = Assert.Single(report.GetProperty("errors").EnumerateArray());
        Assert.Equal(3, error.GetProperty("line").GetInt32());
        Assert.StartsWith(detail, error.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z")]
    [InlineData("2030-01-01t00:00:00z", "2030-01-01T00:00:00.000Z")]
    [InlineData("2030-01-01 00:00:00Z", "2030-01-01T00:00:00.000Z")]
    [InlineData("2030-01-01T09:00:00+09:00", "2030-01-01T00:00:00.000Z")]
    [InlineData("2029-12-31T23:30:00.5-00:30", "2030-01-01T00:00:00.500Z")]
    [InlineData("2030-01-01T00:00:00.1234567899999Z", "2030-01-01T00:00:00.124Z")]
    [InlineData("2030-12-31T23:59:60Z", "2031-01-01T00:00:00.000Z")]
    [InlineData("2031-01-01T08:59:60.25+09:00", "2031-01-01T00:00:00.250Z")]
    [InlineData("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z")]
    [InlineData("2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z")]
    public async Task Import_Time_IsReadInUtc(string time, string expected)
    {
        (await server.Client.ImportAsync($$"""{"key":"time","text":"v","expires_at":"{{time}}"}""")).Expect(200);
        Assert.Equal(expected, (await server.Client.GetAsync("/v1/kv?prefix=time")).Json.GetProperty("items")[0].GetProperty("expires_at").GetString());
        Assert.Contains($"\"expires_at\":\"{expected}\"", (await server.Client.GetAsync("/v1/export?prefix=time")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2030-01-01T00:00:00", "no offset")]
    [InlineData("2030-01-01T00:00:00.5", "no offset")]
    [InlineData("2030-01-01", "Give a time such as")]
    [InlineData("2030-01-01T00:00Z", "Give a time such as")]
    [InlineData("2030-01-01T00:00:00+0900", "Give a time such as")]
    [InlineData("2030-01-01T00:00:00+24:00", "Give a time such as")]
    [InlineData("2030-01-01T00:00:00.Z", "Give a time such as")]
    [InlineData("2030-01-01T00:00:00Z ", "Give a time such as")]
    [InlineData("2030-02-30T00:00:00Z", "no such date")]
    [InlineData("2030-13-01T00:00:00Z", "no such date")]
    [InlineData("2030-01-01T24:00:00Z", "no such date")]
    [InlineData("2030-01-01T00:00:61Z", "no such date")]
    [InlineData("2030-01-01T12:00:60Z", "leap second")]
    [InlineData("0000-01-01T00:00:00Z", "no such date")]
    [InlineData("9999-12-31T23:59:59-00:01", "out of range")]
    [InlineData("9999-12-31T23:59:60Z", "out of range")]
    [InlineData("0001-01-01T00:00:00+00:01", "out of range")]
    [InlineData("10000-01-01T00:00:00Z", "Give a time such as")]
    [InlineData("+030-01-01T00:00:00Z", "Give a time such as")]
    [InlineData("1893456000", "Give a time such as")]
    [InlineData("2030-01-01T00:00:0\\u0000Z", "Give a time such as")]
    [InlineData("2030-01-01T00:00:00+09:0\\u0000", "Give a time such as")]
    public async Task Import_NoTime_FailsLine(string time, string detail)
    {
        var report = (await server.Client.ImportAsync($$"""{"key":"time","text":"v","expires_at":"{{time}}"}""")).Expect(200).Json;
        Assert.Contains(detail, Assert.Single(report.GetProperty("errors").EnumerateArray()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
