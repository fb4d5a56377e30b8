namespace KvStore.Extensions.Configuration;

/// <summary>Which entries of the store are configuration, and what happens while the store is away.</summary>
public sealed class KvStoreConfigurationSource : IConfigurationSource
{
    /// <summary>What the keys begin with; it is left out of the names. Empty for every entry. Default empty.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>The address of the service, for a client of its own. Required unless there is a <see cref="Client"/>.</summary>
    public Uri? Address { get; set; }

    /// <summary>The key of a service that has keys; null for none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>A client to use; it remains the caller's. Null for one of its own.</summary>
    public IKvStoreClient? Client { get; set; }

    /// <summary>Whether the application starts with nothing if neither the store nor <see cref="LastKnownFile"/> has values. Default false: the start fails.</summary>
    public bool IsOptional { get; set; }

    /// <summary>How long the start waits for the store. Default 10 s.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A file that keeps the last known values, for a start while the store is away; null for none. It has the values in plain text, readable by its owner only. Each process needs a file
    /// of its own.
    /// </summary>
    public string? LastKnownFile { get; set; }

    /// <summary>How long changes are gathered before one reload. Default 20 ms.</summary>
    public TimeSpan ReloadDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The most entries below the prefix; with more, the values that were known before stay. Default 100,000.</summary>
    public int EntriesMax { get; set; } = 100_000;

    /// <summary>The longest delay before another connection to a store that is away; the first one is a tenth of it. Default 5 s.</summary>
    public TimeSpan ReconnectDelayMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Receives what went wrong after the start, also values that cannot be read; null for nothing. Called on any thread.</summary>
    public Action<Exception>? OnError { get; set; }

    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder)
    {
        if (Client is null && Address is null)
            throw new InvalidOperationException($"The configuration from KvStore needs an {nameof(Address)} or a {nameof(Client)}.");
        return new KvStoreConfigurationProvider(this);
    }

    /// <summary>Calls <see cref="OnError"/>. What it throws does not end the watch.</summary>
    internal void Report(Exception exception)
    {
        try
        {
            OnError?.Invoke(exception);
        }
        catch (Exception)
        {
            // There is no other place to say it.
        }
    }
}
