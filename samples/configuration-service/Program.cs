// A shop whose settings are entries of KvStore below config/shop/: run.sh starts it.
// Usage: dotnet run -- --urls http://localhost:9000 --kvstore http://localhost:8080 --known FILE
using ConfigurationService;
using KvStore.Extensions.Configuration;
using Microsoft.Extensions.Options;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Configuration.AddKvStore(source =>
{
    source.Address = new Uri(builder.Configuration["kvstore"] ?? "http://localhost:8080");
    source.Prefix = "config/shop/";
    source.LastKnownFile = builder.Configuration["known"];
    source.StartTimeout = TimeSpan.FromSeconds(2);
    source.OnError = failure => Console.WriteLine($"shop: {failure.Message}");
});
builder.Services.Configure<ShopOptions>(builder.Configuration);
var app = builder.Build();

// What every request sees: the settings as they are now, all of one moment.
app.MapGet("/", (IOptionsMonitor<ShopOptions> shop) => shop.CurrentValue);

// What must be done once for each change, such as making a connection pool anew.
app.Services.GetRequiredService<IOptionsMonitor<ShopOptions>>().OnChange(shop => Console.WriteLine($"shop: reloaded, \"{shop.Title}\" with {shop.Limits.Orders} orders a minute"));

app.Run();
