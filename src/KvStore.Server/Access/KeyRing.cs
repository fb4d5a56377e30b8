using System.Security.Cryptography.X509Certificates;

namespace KvStore.Server;

/// <summary>The keys that are accepted now: those of the key file or the settings that have not expired. Thread-safe.</summary>
internal sealed class KeyRing : IDisposable
{
    // The timer is set for the next expiry, but no later than this, because the clock may be set.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReloadedFiles<IReadOnlyList<KeyEntry>>? _file;
    private readonly ITimer _expiry;

    // Written under the lock.
    private volatile KeySet _keys = new([], null);

    /// <exception cref="InvalidSettingsException">The keys are not acceptable.</exception>
    public KeyRing(KvStoreOptions options, IConfiguration configuration, TimeProvider time, ILoggerFactory loggers)
    {
        _time = time;
        _logger = loggers.CreateLogger("KvStore.Server.Access");
        _expiry = time.CreateTimer(static ring => ((KeyRing)ring!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var section = configuration.GetSection($"{KvStoreOptions.Section}:{nameof(KvStoreOptions.Keys)}");
        if (section.GetChildren().Any())
        {
            var problems = new List<string>();
            Replace(KeySettings.Read(section, problems));
            InvalidSettingsException.ThrowIfAny(problems);
        }
        else if (options.Keys != KvStoreOptions.None)
        {
            var file = options.Keys;
            var problems = new List<string>();
            KeyFile.Read(file, problems);
            InvalidSettingsException.ThrowIfAny(problems);
            _file = new ReloadedFiles<IReadOnlyList<KeyEntry>>([file], contents => Parse(file, contents[0]), time, keys => Reload(file, keys), failure => _logger.KeysUnusable(file, failure.Message));
            Replace(_file.Current);
        }
    }

    /// <summary>The principal of a request, or null if it has no key that is accepted.</summary>
    public Principal? Find(HttpContext context) => _keys.Find(context);

    /// <summary>The principal of a token, or null if it is not accepted.</summary>
    public Principal? Verify(ReadOnlySpan<char> token) => _keys.Verify(token);

    /// <summary>The principal of a client certificate, or null if it is not accepted.</summary>
    public Principal? Verify(X509Certificate2 certificate) => _keys.Verify(certificate);

    public void Dispose()
    {
        _file?.Dispose();
        _expiry.Dispose();
    }

    private static IReadOnlyList<KeyEntry> Parse(string file, byte[] bytes)
    {
        var problems = new List<string>();
        var keys = KeyFile.Parse(file, bytes, problems);
        InvalidSettingsException.ThrowIfAny(problems);
        return keys;
    }

    private void Reload(string file, IReadOnlyList<KeyEntry> entries)
    {
        Replace(entries);
        _logger.KeysReloaded(entries.Count, file);
    }

    private void Replace(IReadOnlyList<KeyEntry> entries)
    {
        lock (_lock)
        {
            var before = _keys;
            var after = new KeySet(entries, before);
            Expire(after);
            _keys = after;

            // The order matters because a request between the two would otherwise meet a key that is neither the old one nor the new one.
            foreach (var holder in before.Holders)
            {
                if (!after.Contains(holder))
                    holder.Principal.Revoke();
            }
        }
    }

    private void Expire()
    {
        lock (_lock)
            Expire(_keys);
    }

    /// <summary>Revokes what has expired, and sets the timer for what will. Under the lock.</summary>
    private void Expire(KeySet keys)
    {
        var now = _time.GetUtcNow();
        var wait = Timeout.InfiniteTimeSpan;
        foreach (var (entry, principal) in keys.Holders)
        {
            if (entry.ExpiresAt is not { } expiresAt || principal.IsRevoked)
                continue;
            if (expiresAt <= now)
            {
                principal.Revoke();
                _logger.KeyExpired(entry.Name);
            }
            else
            {
                var left = expiresAt - now < CheckInterval ? expiresAt - now : CheckInterval;
                wait = wait == Timeout.InfiniteTimeSpan || left < wait ? left : wait;
            }
        }

        // A timer counts whole milliseconds, and would come before the expiry.
        if (wait != Timeout.InfiniteTimeSpan)
            wait += TimeSpan.FromMilliseconds(1);
        try
        {
            _expiry.Change(wait, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The service stops.
        }
    }
}
