using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KvStore.Extensions.DependencyInjection;

/// <summary>Registers clients of KvStore.</summary>
public static class KvStoreServiceCollectionExtensions
{
    // The name of the HttpClient of the client without a name; of others it is a prefix.
    private const string HttpName = "KvStore";

    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Registers <see cref="IKvStoreClient"/> and <see cref="KvStoreClient"/> as one singleton.</summary>
    /// <param name="services">The services.</param>
    /// <param name="address">The address of the service.</param>
    /// <returns>The builder of its <see cref="HttpClient"/>, for handlers of your own. None may retry: the client could not tell what became of a write.</returns>
    public static IHttpClientBuilder AddKvStoreClient(this IServiceCollection services, Uri address) => services.AddKvStoreClient(settings => settings.Address = address);

    /// <inheritdoc cref="AddKvStoreClient(IServiceCollection, Uri)"/>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the address and other settings.</param>
    public static IHttpClientBuilder AddKvStoreClient(this IServiceCollection services, Action<KvStoreClientSettings> configure) => services.Add(Options.DefaultName, options => options.Configure(configure));

    /// <inheritdoc cref="AddKvStoreClient(IServiceCollection, Uri)"/>
    /// <param name="services">The services.</param>
    /// <param name="section">The settings, such as <c>configuration.GetSection("KvStore")</c>.</param>
    public static IHttpClientBuilder AddKvStoreClient(this IServiceCollection services, IConfiguration section) => services.Add(Options.DefaultName, options => options.Bind(section));

    /// <summary>Registers a further client as keyed singletons: <c>[FromKeyedServices("name")] IKvStoreClient</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name: the key of the services.</param>
    /// <param name="configure">Sets the address and other settings.</param>
    /// <returns>The builder of its <see cref="HttpClient"/>.</returns>
    public static IHttpClientBuilder AddKvStoreClient(this IServiceCollection services, string name, Action<KvStoreClientSettings> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return services.Add(name, options => options.Configure(configure));
    }

    /// <inheritdoc cref="AddKvStoreClient(IServiceCollection, string, Action{KvStoreClientSettings})"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The name: the key of the services.</param>
    /// <param name="section">The settings.</param>
    public static IHttpClientBuilder AddKvStoreClient(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return services.Add(name, options => options.Bind(section));
    }

    private static IHttpClientBuilder Add(this IServiceCollection services, string name, Action<OptionsBuilder<KvStoreClientSettings>> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KvStoreClientSettings>, KvStoreClientSettingsValidator>());
        var options = services.AddOptions<KvStoreClientSettings>(name);
        configure(options);
        options.ValidateOnStart();

        if (name == Options.DefaultName)
        {
            services.TryAddSingleton(provider => NewClient(provider, name));
            services.TryAddSingleton<IKvStoreClient>(provider => provider.GetRequiredService<KvStoreClient>());
        }
        else
        {
            services.TryAddKeyedSingleton(name, (provider, _) => NewClient(provider, name));
            services.TryAddKeyedSingleton<IKvStoreClient>(name, (provider, key) => provider.GetRequiredKeyedService<KvStoreClient>(key));
        }

        // The client is a singleton and keeps its handler, so it is the connections that are replaced for changes of DNS. No loggers of the factory: they
        // write every key into the log. Redirects are not followed, because .NET makes some writes reads on the way; an abandoned watch is closed, not read to its end.
        return services.AddHttpClient(HttpNameOf(name), http => http.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                PooledConnectionLifetime = ConnectionLifetime,
                ResponseDrainTimeout = TimeSpan.Zero,
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
    }

    private static string HttpNameOf(string name) => name == Options.DefaultName ? HttpName : $"{HttpName}:{name}";

    private static KvStoreClient NewClient(IServiceProvider provider, string name)
    {
        var settings = provider.GetRequiredService<IOptionsMonitor<KvStoreClientSettings>>().Get(name);
        return new KvStoreClient(provider.GetRequiredService<IHttpClientFactory>().CreateClient(HttpNameOf(name)), settings.Address, settings.ToOptions());
    }
}
