using KvStore.Floor.Commits;

namespace KvStore.Floor;

/// <summary>
/// The upper bound of the web server: routed endpoints that return a constant, or read the body and return 204. With the setting <c>commit</c> it
/// is that of durable writes: no index, no contract and no log format, but the body is on disk before the answer. Settings with a cost per request
/// or per connection are those of the service.
/// </summary>
internal static class FloorApplication
{
    private static readonly int[] ValueSizes = [100, 1024, 16384];

    public static WebApplication Create(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 16_384;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.MaxRequestBodySize = GroupFile.ValueBytesMax;
        });

        var app = builder.Build();
        foreach (var size in ValueSizes)
        {
            var value = new byte[size];
            Array.Fill(value, (byte)'x');
            app.MapMethods($"/constant/{size}", [HttpMethods.Get], context => AnswerAsync(context, value));
        }

        if (app.Configuration["commit"] is { } kind)
            MapDurableBody(app, kind);
        else
            app.MapMethods("/body", [HttpMethods.Put], ReadBodyAsync);
        return app;
    }

    private static void MapDurableBody(WebApplication app, string kind)
    {
        var directory = app.Configuration["directory"] ?? throw new ArgumentException("--commit needs a --directory.");
        var commit = GroupCommit.Create(kind, new GroupFile(directory, app.Configuration.GetValue("space", FileSpace.Written)));
        app.MapMethods("/body", [HttpMethods.Put], async context =>
        {
            var value = NewValue(context.Request);
            await context.Request.Body.ReadExactlyAsync(value);
            await commit.CommitAsync(value);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
    }

    private static Task AnswerAsync(HttpContext context, byte[] value)
    {
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = value.Length;
        return context.Response.Body.WriteAsync(value, 0, value.Length);
    }

    // The response is that of a PUT that replaces.
    private static async Task ReadBodyAsync(HttpContext context)
    {
        await context.Request.Body.ReadExactlyAsync(NewValue(context.Request));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    // Every store must allocate an array for the body.
    private static byte[] NewValue(HttpRequest request) => GC.AllocateUninitializedArray<byte>((int)request.ContentLength!.Value);
}
