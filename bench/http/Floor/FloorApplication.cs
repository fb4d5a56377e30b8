namespace KvStore.Floor;

/// <summary>
/// The upper bound of the web server: routed endpoints that return a constant, or read the body and return 204. Settings with
/// a cost per request or per connection are those of the service.
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
        });

        var app = builder.Build();
        foreach (var size in ValueSizes)
        {
            var value = new byte[size];
            Array.Fill(value, (byte)'x');
            app.MapMethods($"/constant/{size}", [HttpMethods.Get], context => AnswerAsync(context, value));
        }

        app.MapMethods("/body", [HttpMethods.Put], ReadBodyAsync);
        return app;
    }

    private static Task AnswerAsync(HttpContext context, byte[] value)
    {
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = value.Length;
        return context.Response.Body.WriteAsync(value, 0, value.Length);
    }

    // Every store must allocate an array for the body. The response is that of a PUT that replaces.
    private static async Task ReadBodyAsync(HttpContext context)
    {
        var value = GC.AllocateUninitializedArray<byte>((int)context.Request.ContentLength!.Value);
        await context.Request.Body.ReadExactlyAsync(value);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
