// Three simulated vendors of hotel rates, and the page that shows KvStore in front of them: run.sh starts both.
// Usage: dotnet run -- --urls http://localhost:9000 --kvstore http://localhost:8080
using System.Collections.Concurrent;

var slowAnswer = TimeSpan.FromMilliseconds(400);
var batchedAnswer = TimeSpan.FromMilliseconds(200);
var flakyAnswer = TimeSpan.FromMilliseconds(60);

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();

var calls = new ConcurrentDictionary<string, int>();
var window = new CallWindow(callsMax: 20, TimeSpan.FromSeconds(1));
var flakyIsDown = false;

// Takes its time, and one hotel a call.
app.MapGet("/slow/rates/{hotel}", async (string hotel, CancellationToken cancellationToken) =>
{
    Count("slow");
    await Task.Delay(slowAnswer, cancellationToken);
    return Rate.Of("slow", hotel);
});

// Takes up to ten hotels a call: ?hotels=oslo-1,oslo-2.
app.MapGet("/batched/rates", async (string hotels, CancellationToken cancellationToken) =>
{
    Count("batched");
    await Task.Delay(batchedAnswer, cancellationToken);
    return new { rates = hotels.Split(',').Select(hotel => Rate.Of("batched", hotel)) };
});

// Fails now and then, answers 429 to more than 20 calls within a second, and can be switched off.
app.MapGet("/flaky/rates/{hotel}", async (string hotel, HttpResponse response, CancellationToken cancellationToken) =>
{
    var number = Count("flaky");
    await Task.Delay(flakyAnswer, cancellationToken);
    if (flakyIsDown || number % 9 == 0)
        return Results.StatusCode(StatusCodes.Status500InternalServerError);
    if (!window.TryEnter())
    {
        Count("flaky_refused");
        response.Headers.RetryAfter = "1";
        return Results.StatusCode(StatusCodes.Status429TooManyRequests);
    }

    return Results.Ok(Rate.Of("flaky", hotel));
});
app.MapPut("/flaky/down", () => flakyIsDown = true);
app.MapDelete("/flaky/down", () => flakyIsDown = false);

// For the page: where KvStore is, and how often it has called.
app.MapGet("/about", (IConfiguration configuration) => new { kvstore = configuration["kvstore"] ?? "http://localhost:8080", calls });
app.Run();

int Count(string what) => calls.AddOrUpdate(what, 1, (_, count) => count + 1);
