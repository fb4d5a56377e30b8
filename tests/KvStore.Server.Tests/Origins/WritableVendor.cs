using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>An HTTP service on a real web server that keeps what it gets, and is written to and read by key.</summary>
internal sealed class WritableVendor : IAsyncDisposable
{
    private readonly WebApplication _application;

    private WritableVendor()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.Urls.Add("http://127.0.0.1:0");
        _application.Run(AnswerAsync);
    }

    public string Url => _application.Urls.Single() + "/rates/{key}";

    /// <summary>What it has.</summary>
    public ConcurrentDictionary<string, string> Values { get; } = [];

    /// <summary>The writes, in their order: what, the Idempotency-Key, and the revision.</summary>
    public ConcurrentQueue<(string Text, string Id, long Revision)> Writes { get; } = [];

    /// <summary>Answers a write instead, if it returns true. It may wait, fail, or write first by its second argument.</summary>
    public Func<HttpContext, Action, Task<bool>> Interfere { get; set; } = (_, _) => Task.FromResult(false);

    public int Reads { get; private set; }

    public static async Task<WritableVendor> StartAsync()
    {
        var vendor = new WritableVendor();
        await vendor._application.StartAsync(TestContext.Current.CancellationToken);
        return vendor;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var name = request.Path.Value!.Split('/')[^1];
        if (HttpMethods.IsGet(request.Method))
        {
            Reads++;
            response.ContentType = "application/json";
            response.StatusCode = Values.TryGetValue(name, out var value) ? 200 : 404;
            await response.WriteAsync(value ?? "");
            return;
        }

        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync();
        Writes.Enqueue(($"{request.Method} {name} {body}".TrimEnd(), request.Headers["Idempotency-Key"].ToString(), long.Parse(request.Headers["KvStore-Revision"].ToString(), System.Globalization.CultureInfo.InvariantCulture)));
        if (await Interfere(context, Write))
            return;
        Write();
        response.StatusCode = 204;

        void Write()
        {
            if (HttpMethods.IsPut(request.Method))
                Values[name] = body;
            else
                Values.TryRemove(name, out _);
        }
    }
}
