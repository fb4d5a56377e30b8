namespace KvStore.Extensions.HealthChecks;

/// <summary>Adds a health check of the store.</summary>
public static class KvStoreHealthChecksBuilderExtensions
{
    /// <summary>Adds a check that reads from the store with the registered <see cref="IKvStoreClient"/>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="configure">Changes the defaults; null for none.</param>
    /// <param name="failureStatus">What a failure is; null for unhealthy.</param>
    /// <param name="tags">Tags to select checks by; null for none.</param>
    public static IHealthChecksBuilder AddKvStore(
        this IHealthChecksBuilder builder, string name = "kvstore", Action<KvStoreHealthCheckOptions>? configure = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new KvStoreHealthCheckOptions();
        configure?.Invoke(options);
        return builder.Add(new HealthCheckRegistration(name, NewCheck, failureStatus, tags));

        KvStoreHealthCheck NewCheck(IServiceProvider provider) =>
            new(options.ClientName is { } key ? provider.GetRequiredKeyedService<IKvStoreClient>(key) : provider.GetRequiredService<IKvStoreClient>(), options);
    }
}
