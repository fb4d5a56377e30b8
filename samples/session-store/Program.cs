// A shop with a basket in the visitor's session, which is in KvStore: any instance serves any visitor. run.sh starts two.
// Usage: dotnet run -- --urls http://localhost:9000 --kvstore http://localhost:8080
using System.Net;
using KvStore.Extensions.Caching;
using KvStore.Extensions.DependencyInjection;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using SessionStore;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
builder.Services.AddKvStoreClient(new Uri(builder.Configuration["kvstore"] ?? "http://localhost:8080"));
builder.Services.AddKvStoreCache(cache => cache.KeyPrefix = "shop/sessions/");
builder.Services.AddSession(session => session.IdleTimeout = TimeSpan.FromMinutes(20));

// The cookie is encrypted, so all instances need the same keys: those are in the store as well.
builder.Services.AddDataProtection().SetApplicationName("shop");
builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>, ConfigureStoredKeys>();

var app = builder.Build();
app.UseSession();

app.MapGet("/", (HttpContext context) => TypedResults.Content(PageOf(BasketOf(context.Session)), "text/html; charset=utf-8"));

app.MapPost("/basket", (HttpContext context) =>
{
    var item = context.Request.Query["item"].ToString();
    if (item.Length is > 0 and <= 40)
        context.Session.SetString("basket", string.Join('\n', [.. BasketOf(context.Session), item]));
    return TypedResults.Redirect("/");
});

app.Run();

static string[] BasketOf(ISession session) => (session.GetString("basket") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);

string PageOf(string[] basket) => $"""
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
    <title>Kettle shop</title>
    <h1>Kettle shop</h1>
    <p>Served by {WebUtility.HtmlEncode(app.Urls.First())}.</p>
    <ol>{string.Concat(basket.Select(item => $"<li>{WebUtility.HtmlEncode(item)}</li>"))}</ol>
    <form method="post" action="/basket?item=kettle"><button>Add a kettle</button></form>
    <form method="post" action="/basket?item=pot"><button>Add a pot</button></form>
    </html>
    """;
