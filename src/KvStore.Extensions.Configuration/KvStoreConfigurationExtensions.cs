namespace KvStore.Extensions.Configuration;

/// <summary>Adds configuration from a store.</summary>
public static class KvStoreConfigurationExtensions
{
    /// <summary>Adds the entries below a prefix, and reloads when they change.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="address">The address of the service.</param>
    /// <param name="prefix">What the keys begin with, such as <c>config/shop/</c>; it is left out of the names.</param>
    public static IConfigurationBuilder AddKvStore(this IConfigurationBuilder builder, Uri address, string prefix) => builder.AddKvStore(source => (source.Address, source.Prefix) = (address, prefix));

    /// <inheritdoc cref="AddKvStore(IConfigurationBuilder, Uri, string)"/>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Sets the address, the prefix, and what happens while the store is away.</param>
    public static IConfigurationBuilder AddKvStore(this IConfigurationBuilder builder, Action<KvStoreConfigurationSource> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var source = new KvStoreConfigurationSource();
        configure(source);
        return builder.Add(source);
    }
}
