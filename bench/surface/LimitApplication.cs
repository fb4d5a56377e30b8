namespace KvStore.SurfaceLimit;

/// <summary>
/// The limit: endpoints on the same web server that do what no store could leave out, and nothing else. They parse what must be understood, allocate what must be
/// kept and write the same bytes; they have no index, log, history, checks or headers of their own.
/// </summary>
internal static class LimitApplication
{
    private static readonly int[] ValueSizes = [100, 16384, 1048576];

    public static WebApplication Create(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 16_384;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.MaxRequestBodySize = null;
        });

        var app = builder.Build();
        foreach (var size in ValueSizes)
        {
            var value = new byte[size];
            Array.Fill(value, (byte)'x');
            app.MapMethods($"/value/{size}", [HttpMethods.Get], context => AnswerAsync(context, value));
        }

        app.MapMethods("/body", [HttpMethods.Put], LimitBodies.KeepAsync);
        app.MapMethods("/list/{count:int}", [HttpMethods.Get], context => LimitEntries.ListAsync(context, isJson: false));
        app.MapMethods("/list-json/{count:int}", [HttpMethods.Get], context => LimitEntries.ListAsync(context, isJson: true));
        app.MapMethods("/export/{count:int}", [HttpMethods.Get], LimitEntries.ExportAsync);
        app.MapMethods("/batch", [HttpMethods.Post], LimitBodies.BatchAsync);
        app.MapMethods("/transaction", [HttpMethods.Post], LimitBodies.TransactionAsync);
        app.MapMethods("/count", [HttpMethods.Post], LimitBodies.CountAsync);
        app.MapMethods("/patch", [HttpMethods.Patch], LimitBodies.PatchAsync);
        app.MapMethods("/import", [HttpMethods.Post], LimitBodies.ImportAsync);
        app.MapMethods("/park/{slot:int}", [HttpMethods.Get], LimitPolls.ParkAsync);
        app.MapMethods("/wake/{slot:int}", [HttpMethods.Put], LimitPolls.WakeAsync);
        return app;
    }

    private static Task AnswerAsync(HttpContext context, byte[] value)
    {
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = value.Length;
        return context.Response.Body.WriteAsync(value, 0, value.Length);
    }
}
