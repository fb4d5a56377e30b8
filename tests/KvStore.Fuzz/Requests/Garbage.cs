namespace KvStore.Fuzz;

/// <summary>Things that are wrong, or nearly right, by the place where they stand.</summary>
internal static class Garbage
{
    /// <summary>For a path, behind a prefix that is right.</summary>
    public static readonly string[] Paths =
    [
        "%", "%2", "%zz", "%2g", "a%", "%00", "%0a", "%0d%0a", "%7f", "%ff", "%fe%ff", "%c0%af", "%c0%80", "%ed%a0%80", "%f5%80%80%80", "%e2%82", "%C2%85",
        "%25", "%2525", "%u0041", "..", ".", "a/../b", "a/./b", "%2e%2e", "%2e", "a/%2e%2e/b", "a/..%2fb", "%2f..", "//", "///a", "a//b", "\\", "a\\..\\b",
        "\x80", "\xff\xfe", "\xc3\xa4", "\xe2\x82", "a#b", "a b", "a\tb", "a\x01b", "a\x7fb", "a\0b", "", "?", "??", "a?%zz", "a?b=%ff", "<script>", "{key}", "{**key}", "[a]", "|", "\"", "'", "`",
        new('k', 1024), new('k', 1025), new('k', 9000), string.Concat(Enumerable.Repeat("%F0%9F%98%80", 257)), string.Concat(Enumerable.Repeat("a/", 600)),
    ];

    /// <summary>Whole request targets.</summary>
    public static readonly string[] Targets =
    [
        "*", "", " ", "/", "//", "v1/kv/a", "http://x/v1/kv/a", "http://other:1/v1/kv/%zz", "http://", "http:///a", "https://x/", "ftp://x/v1/kv/a", "x:80", "x:99999", "/v1", "/v1/", "/v1/kv", "/v1/kv/", "/v1/kv//",
        "/V1/KV/a", "/v1/kv%2Fa", "/v1%2Fkv/a", "/v1/kvx", "/v1/nothing", "/person", "/person/", "/person/get/1", "/person/%67et", "/swagger/%2e%2e/%2e%2e/etc/passwd", "/swagger/..%2f..%2fetc%2fpasswd", "/openapi/v2.json", "/openapi/%00.json",
        "/readyz/x", "/metrics", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/index.html\0", "/favicon.ico", "\x16\x03\x01\x02",
    ];

    public static readonly string[] Queries =
    [
        "limit=0", "limit=-1", "limit=99999999999", "limit=99999999999999999999999", "limit=abc", "limit=", "limit=1.5", "limit=0x10", "limit=1&limit=2", "limit=%31", "limit=+1", "limit=1001", "limit=\xff",
        "revision=0", "revision=-1", "revision=9223372036854775807", "revision=9223372036854775808", "revision=abc", "revision=", "revision=1&revision=1", "revision=%00",
        "cursor=", "cursor=x", "cursor=%00", "cursor=%ff%ff", "cursor=AAAA", "cursor====", "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor=a&after=b",
        "prefix=%ff", "prefix=%00", "prefix=..", "prefix=\xc3", "after=%ff", "after=%zz", "after=..", "values=maybe", "values=", "values=true&values=false", "count_only=x", "delimiter=%ff", "nonsense=1", "=", "&&&", "=&=", "%zz=%zz", "a=%", "\0",
        "id=", "id=abc", "id=1e9", "id=99999999999999999999", "id=1.0", "id=-0", "id=%31", "id=1&id=2", "id=\xff",
    ];

    public static readonly string[] ETags =
    [
        "", "*", "\"", "\"\"", "\"1", "1\"", "1", "W/\"1\"", "w/\"1\"", "W/", "\"abc\"", "\"-1\"", "\"99999999999999999999\"", "\"1\",\"2\",,", ",", "*, \"1\"", "\"1\" \"2\"", "* *", "\"\x80\"", "\"1\x7f\"", "'1'", "\"01\"", "\" 1\"", "\"1\\\"\"",
        string.Concat(Enumerable.Repeat("\"1\",", 2000)),
    ];

    public static readonly string[] ContentTypes =
    [
        "", " ", "x", "/", "a/", "/b", "a/b/c", "text/plain; charset", "text/plain; charset=", "text/plain; charset=klingon", "text/plain;;;", ";", "application/json; charset=utf-7", "text/html\x80", "t\xe4xt/plain", "\xff\xfe",
        "application/json, text/plain", "multipart/form-data", "multipart/form-data; boundary=", "application/x-www-form-urlencoded; charset=utf-16", "*/*", "text/*", "a/" + new string('b', 5000), "text/plain; a=\"unclosed", "\ttext/plain",
    ];

    public static readonly string[] JsonTexts =
    [
        "", " ", "{", "}", "[]", "null", "true", "1", "\"id\"", "{}", "{\"id\":}", "{\"id\":null,\"name\":\"a\"}", "{\"id\":\"1\",\"name\":\"a\"}", "{\"id\":1.5,\"name\":\"a\"}", "{\"id\":1e400,\"name\":\"a\"}", "{\"id\":1e2,\"name\":\"a\"}",
        "{\"id\":99999999999999999999999,\"name\":\"a\"}", "{\"id\":7777777,\"name\":1}", "{\"id\":7777777,\"name\":null}", "{\"id\":7777777,\"name\":{}}", "{\"id\":7777777,\"name\":[]}", "{\"id\":7777777}", "{\"name\":\"a\"}", "{\"id\":7777777,\"id\":7777778,\"name\":\"a\"}", "{\"id\":[1]}",
        "{\"id\":7777777,\"name\":\"\\ud800\"}", "{\"id\":7777777,\"name\":\"\\udc00\\ud800\"}", "{\"id\":7777777,\"name\":\"\xff\"}", "{\"id\":7777777,\"name\":\"\xed\xa0\x80\"}", "{\"\\ud800\":1}", "{\"id\":7777777,\"name\":\"\0\"}", "{\"id\":7777777,\"name\":\"a\",}", "{'id':1}", "{\"id\":1}{\"id\":2}", "{\"id\":1}x", "\xef\xbb\xbf{\"id\":1}",
        "//c\n{\"id\":1}", "NaN", "{\"id\":NaN}", "{\"id\":-}", "{\"id\":00}", "{\"id\":+1}", "{\"\\u0069d\":1}", "{\"ID\":7777777,\"NAME\":\"a\"}", new string('[', 200), new string('[', 100_000), "{\"a\":" + new string('[', 70) + new string(']', 70) + "}", "\xff\xff\xff", "\0\0\0\0",
    ];

    /// <summary>Header lines without their end.</summary>
    public static readonly string[] BrokenHeaders =
    [
        "NoColon", ": no name", "Space : a", " folded", "Na\xefme: a", "Nul: a\0b", "Tab\t: a", "Ctl: a\x01", "Cr: a\rb", "\0: a", "(x): a", "Na me: a", "Host: second", "Host: ", "Host: a b", "Host: \xff", "Host: x:99999", "Host: [", "Host: a/b",
        "Content-Length: -1", "Content-Length: abc", "Content-Length: 99999999999999999999", "Content-Length: 0x10", "Content-Length: +5", "Content-Length: 5, 5", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: ", "Content-Length: 1e3", "Content-Length: 5 5",
        "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: xchunked", "Transfer-Encoding: ", "Transfer-Encoding: \xff", "Transfer-Encoding: identity",
    ];

    /// <summary>Header lines that HTTP allows and that still mean nothing good.</summary>
    public static readonly string[] OddHeaders =
    [
        "Expect: 200-maybe", "Expect: ", "Upgrade: websocket", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "TE: trailers", "Accept: \x80", "Accept: nothing/*;q=9", "Accept-Encoding: \xff", "Range: bytes=9-1", "Range: lines=1-2", "If-Range: x", "If-Modified-Since: never",
        "If-Unmodified-Since: Mon, 99 Foo", "Date: x", "Cookie: =;=;", "Authorization: \xff", "Origin: null", "X-Forwarded-For: x", "X-Forwarded-Proto: \xff", "X-Original-URL: /v1/kv/%zz", "X-HTTP-Method-Override: DELETE", "Content-Encoding: gzip", "Idempotency-Key: \xff", "traceparent: 00-zz", "baggage: \xff=\xff", "Request-Id: |",
    ];

    /// <summary>Bodies in chunks; the first ones break the framing.</summary>
    public static readonly string[] BrokenChunks =
    [
        "zz\r\na\r\n0\r\n\r\n", "-1\r\na\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\na\r\n0\r\n\r\n", "7FFFFFFFFFFFFFFF\r\na", "80000000\r\na\r\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n", "1\na\n0\n\n", "\r\n\r\n", "1\r\naXX0\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n", " 1\r\na\r\n0\r\n\r\n", "1\r\na\r\n0\r\nBroken\r\n\r\n", "1;\0\r\na\r\n0\r\n\r\n",
        "1;" + new string('e', 9000) + "\r\na\r\n0\r\n\r\n", new string('0', 40_000) + "1\r\na\r\n0\r\n\r\n", "1\r\na\r\n0\r\nT: " + new string('t', 70_000) + "\r\n\r\n",
    ];

    public static readonly string[] Methods =
        ["get", "Get", "FOO", "G@T", "G\0T", "", "POST", "PATCH", "TRACE", "OPTIONS", "CONNECT", "PRI", "DELETE", "HEAD", "PUT", "GET", "\xc4", "GET\t", new('M', 300), "<GET>"];

    public static readonly string[] Versions = ["HTTP/1.0", "HTTP/2.0", "HTTP/3", "HTTP/1.2", "HTTP/1", "HTTP/11", "http/1.1", "HTTP/1.1 x", "HTTPS/1.1", "", "HTTP/\xff", "HTTP/-1.1"];
}
