using KvStore.Extensions.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KvStore.Extensions.Tests;

/// <summary>Clients that a service collection registers.</summary>
public sealed class ServiceCollectionTests(Service service)
{
    private readonly string _key = Service.NewPrefix() + "key";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_Registered_IsOneSingleton()
    {
        var services = new ServiceCollection();
        services.AddKvStoreClient(service.Address);
        await using var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        var client = provider.GetRequiredService<IKvStoreClient>();
        Assert.Same(client, provider.GetRequiredService<KvStoreClient>());
        await client.PutAsync(_key, "value", cancellationToken: Token);
        Assert.Equal("value", (await client.GetAsync(_key, cancellationToken: Token))!.Text);

        await provider.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetAsync(_key, cancellationToken: Token));
    }

    [Fact]
    public async Task Clients_Named_HaveSettingsOfTheirOwn()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Stores:First:Address"] = service.Address.ToString(),
            ["Stores:First:Timeout"] = "00:00:07",
            ["Stores:First:RetriesMax"] = "2",
        }).Build();
        var services = new ServiceCollection();
        services.AddKvStoreClient("first", configuration.GetSection("Stores:First"));
        services.AddKvStoreClient("second", settings => settings.Address = new Uri("http://127.0.0.1:1"));
        await using var provider = services.BuildServiceProvider();
        var settings = provider.GetRequiredService<IOptionsMonitor<KvStoreClientSettings>>();
        Assert.Equal((TimeSpan.FromSeconds(7), 2), (settings.Get("first").Timeout, settings.Get("first").RetriesMax));
        Assert.Equal(new KvStoreClientOptions().Timeout, settings.Get("second").Timeout);

        var first = provider.GetRequiredKeyedService<IKvStoreClient>("first");
        Assert.False(await first.ExistsAsync(_key, cancellationToken: Token));
        Assert.NotSame(first, provider.GetRequiredKeyedService<IKvStoreClient>("second"));
        Assert.Null(provider.GetService<IKvStoreClient>());
    }

    [Fact]
    public async Task HttpClient_HandlersOfTheApplication_SeeEachRequest()
    {
        var services = new ServiceCollection();
        var seen = new CountingHandler();
        services.AddKvStoreClient(service.Address).AddHttpMessageHandler(() => seen);
        await using var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<IKvStoreClient>().ExistsAsync(_key, cancellationToken: Token);
        Assert.Equal(1, seen.Requests);
    }

    [Fact]
    public void Settings_Wrong_AreAllNamedAtStart()
    {
        var services = new ServiceCollection();
        services.AddKvStoreClient("sessions", settings =>
        {
            settings.Address = new Uri("ftp://host/");
            settings.ApiKey = "key with spaces";
            settings.Timeout = TimeSpan.Zero;
            settings.RetriesMax = -1;
            settings.RetryDelayMax = TimeSpan.Zero;
            settings.ResponseBytesMax = 0;
        });
        services.AddKvStoreClient(_ => { });
        using var provider = services.BuildServiceProvider();
        var failure = Assert.Throws<AggregateException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        var problems = failure.InnerExceptions.Cast<OptionsValidationException>().SelectMany(one => one.Failures).ToArray();
        foreach (var name in new[] { "Address is ftp", "ApiKey", "Timeout", "RetriesMax", "RetryDelay", "ResponseBytesMax" })
            Assert.Contains(problems, problem => problem.StartsWith("The client of KvStore sessions: " + name, StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith("The client of KvStore: Address is missing.", StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("key with spaces", StringComparison.Ordinal));
    }

    private sealed class CountingHandler : DelegatingHandler
    {
        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
