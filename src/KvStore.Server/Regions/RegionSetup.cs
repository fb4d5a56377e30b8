namespace KvStore.Server;

/// <summary>Registers what exchanges values with regions. After the store, so that it ends before that stops.</summary>
internal static class RegionSetup
{
    public static IServiceCollection AddRegions(this IServiceCollection services)
    {
        services.AddSingleton<RegionInstruments>();
        services.AddSingleton<ServedRegions>();
        services.AddHostedService(provider => provider.GetRequiredService<ServedRegions>());
        return services;
    }
}
