using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace KvStore.Origins.Tests;

public sealed class HttpSinkTests : IAsyncLifetime
{
    private Vendor _vendor = null!;

    public async ValueTask InitializeAsync() => _vendor = await Vendor.StartAsync();

    public ValueTask DisposeAsync() => _vendor.DisposeAsync();

    [Fact]
    public async Task Write_Value_IsPut()
    {
        var got = "";
        _vendor.Answer = async context => got = await TextOf(context.Request);
        Assert.IsType<WriteResult.Written>(await WriteAsync(_vendor.Options(), Value("a b", "{}")));
        Assert.Equal("PUT /rates/a%20b application/json id-7 7 {}", got);
    }

    [Fact]
    public async Task Write_Deletion_IsADelete()
    {
        var got = "";
        _vendor.Answer = async context => got = await TextOf(context.Request);
        Assert.IsType<WriteResult.Written>(await WriteAsync(_vendor.Options(), Deletion("a")));
        Assert.Equal("DELETE /rates/a  id-7 7 ", got);
    }

    [Fact]
    public async Task Write_MethodsAndAddressesOfTheSettings_AreUsed()
    {
        List<string> got = [];
        _vendor.Answer = async context => got.Add(await TextOf(context.Request));
        var options = _vendor.Options();
        options = options with
        {
            Http = options.Http! with
            {
                Store = new OriginHttpWriteOptions { Method = "POST", Url = $"{_vendor.Url}/store?id={{fullkey}}" },
                Delete = new OriginHttpWriteOptions { Method = "POST", Url = $"{_vendor.Url}/drop?id={{key}}" },
            },
        };
        await WriteAsync(options, Value("a", "1"));
        await WriteAsync(options, Deletion("a"));
        Assert.Equal(["POST /store?id=rates%2Fa application/json id-7 7 1", "POST /drop?id=a  id-7 7 "], got);
    }

    [Theory]
    [InlineData(204, "Written")]
    [InlineData(400, "Refused: The origin answered 400: no such hotel.")]
    [InlineData(412, "Refused: The origin answered 412: no such hotel.")]
    [InlineData(404, "Refused: The origin answered 404: no such hotel.")]
    [InlineData(301, "Refused: The origin answered 301; redirects are not followed. Set its final address.")]
    [InlineData(303, "BadAnswer, may be written: The origin answered 303; redirects are not followed.")]
    [InlineData(408, "BadAnswer, may be written: The origin answered 408.")]
    [InlineData(429, "Throttled, not written: The origin asks for fewer calls.")]
    [InlineData(500, "BadAnswer, may be written: The origin answered 500.")]
    [InlineData(503, "BadAnswer, may be written: The origin answered 503.")]
    public async Task Write_Status_SaysWhatBecameOfIt(int status, string expected)
    {
        _vendor.Answer = context =>
        {
            context.Response.StatusCode = status;
            return status == 204 ? Task.CompletedTask : context.Response.WriteAsync("no such\r\n hotel\0");
        };
        Assert.Equal(expected, TextOf(await WriteAsync(_vendor.Options(), Value("a", "1"))));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task Write_DeletionOfNothing_IsWritten(int status)
    {
        _vendor.Answer = context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        Assert.IsType<WriteResult.Written>(await WriteAsync(_vendor.Options(), Deletion("a")));
    }

    [Fact]
    public async Task Write_UnavailableWithRetryAfter_IsThrottled()
    {
        _vendor.Answer = context =>
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (503, "7");
            return Task.CompletedTask;
        };
        var failed = Assert.IsType<WriteResult.Failed>(await WriteAsync(_vendor.Options(), Value("a", "1")));
        Assert.Equal((LoadFailure.Throttled, TimeSpan.FromSeconds(7), true), (failed.Kind, failed.RetryAfter, failed.MayBeWritten));
    }

    /// <summary>The status has said it: the body does not matter any more.</summary>
    [Fact]
    public async Task Write_AnswerThatBreaksOff_IsWritten()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var got = DieAfterAsync(listener, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        Assert.IsType<WriteResult.Written>(await WriteAsync(OptionsOf(listener), Value("a", "1")));
        await got;
    }

    [Fact]
    public async Task Write_LongRefusal_IsQuotedInPart()
    {
        _vendor.Answer = context =>
        {
            context.Response.StatusCode = 422;
            return context.Response.WriteAsync(new string('x', 100_000));
        };
        Assert.Equal("Refused: The origin answered 422.", TextOf(await WriteAsync(_vendor.Options(), Value("a", "1"))));
        _vendor.Answer = context =>
        {
            context.Response.StatusCode = 422;
            return context.Response.WriteAsync(new string('x', 301));
        };
        Assert.Equal($"Refused: The origin answered 422: {new string('x', 300)}...", TextOf(await WriteAsync(_vendor.Options(), Value("a", "1"))));
    }

    [Fact]
    public async Task Write_NoConnection_IsCertainlyNotWritten()
    {
        var options = _vendor.Options();
        await _vendor.DisposeAsync();
        var failed = Assert.IsType<WriteResult.Failed>(await WriteAsync(options, Value("a", "1")));
        Assert.Equal((false, true), (failed.MayBeWritten, failed.IsUnreachable));
    }

    /// <summary>
    /// The origin gets a write on a connection that was used before, dies, and cannot be connected to any more. A client that sends what has no body again by itself
    /// would say that the origin was never reached.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Write_OriginDiesWithAWriteOnAKeptConnection_MayBeWritten(bool isDeletion)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var got = DieAfterAsync(listener, "HTTP/1.1 204 No Content\r\n\r\n", andOneMore: true);
        await using var source = new HttpOriginSource(OptionsOf(listener), 1000, null, TimeProvider.System);
        Assert.IsType<WriteResult.Written>(await source.WriteAsync(Value("a", "1"), Token));
        var failed = Assert.IsType<WriteResult.Failed>(await source.WriteAsync(isDeletion ? Deletion("a") : Value("a", "2"), Token));
        Assert.Equal((true, false), (failed.MayBeWritten, failed.IsUnreachable));
        Assert.True(await got > 0);
    }

    [Fact]
    public async Task Write_KeyWithoutAName_IsRefusedWithoutACall()
    {
        await using var source = new HttpOriginSource(_vendor.Options() with { Prefix = "rates" }, 1000, null, TimeProvider.System);
        Assert.IsType<WriteResult.Refused>(await source.WriteAsync(new OriginWrite(Key.Parse("rates.."), null, "", 7, "id-7"), Token));
        Assert.Empty(_vendor.Calls);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private OriginOptions OptionsOf(TcpListener listener) => _vendor.Options() with { Http = new OriginHttpOptions { Url = $"http://{listener.LocalEndpoint}/{{key}}" } };

    // Answers once, and ends with the connection and the listener; after it has got another request if there is to be one.
    private static async Task<int> DieAfterAsync(TcpListener listener, string answer, bool andOneMore = false)
    {
        using var connection = await listener.AcceptSocketAsync(Token);
        var buffer = new byte[10_000];
        var read = await connection.ReceiveAsync(buffer, Token);
        await connection.SendAsync(Encoding.ASCII.GetBytes(answer), Token);
        if (andOneMore)
            read = await connection.ReceiveAsync(buffer, Token);
        listener.Stop();
        connection.Shutdown(SocketShutdown.Send);
        return read;
    }

    private static OriginWrite Value(string name, string text) => new(Key.Parse(PoolBench.Prefix + name), Encoding.UTF8.GetBytes(text), "application/json", 7, "id-7");

    private static OriginWrite Deletion(string name) => new(Key.Parse(PoolBench.Prefix + name), null, "", 7, "id-7");

    private static async Task<WriteResult> WriteAsync(OriginOptions options, OriginWrite write)
    {
        await using var source = new HttpOriginSource(options, 1000, null, TimeProvider.System);
        return await source.WriteAsync(write, Token);
    }

    private static async Task<string> TextOf(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var target = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        return $"{request.Method} {target} {request.ContentType} {request.Headers["Idempotency-Key"]} {request.Headers["KvStore-Revision"]} {await reader.ReadToEndAsync(Token)}";
    }

    private static string TextOf(WriteResult result) => result switch
    {
        WriteResult.Written => "Written",
        WriteResult.Refused refused => $"Refused: {refused.Detail}",
        WriteResult.Failed failed => $"{failed.Kind}, {(failed.MayBeWritten ? "may be" : "not")} written: {failed.Detail}",
        _ => throw new InvalidOperationException(),
    };
}
