namespace KvStore.Extensions.DependencyInjection;

/// <summary>Says everything that is wrong with the settings of a client, so that an operator corrects it in one go.</summary>
internal sealed class KvStoreClientSettingsValidator : IValidateOptions<KvStoreClientSettings>
{
    public ValidateOptionsResult Validate(string? name, KvStoreClientSettings options)
    {
        var problems = Problems(options).Select(problem => $"The client of KvStore{(string.IsNullOrEmpty(name) ? "" : $" {name}")}: {problem}").ToArray();
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> Problems(KvStoreClientSettings settings)
    {
        if (settings.Address is not { } address)
            yield return "Address is missing. Give the address of the service, such as http://localhost:8080.";
        else if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            yield return $"Address is {address}; it must begin with http:// or https://.";
        else if (address.Query.Length > 0 || address.Fragment.Length > 0)
            yield return "Address has a query or a fragment; it must end with the host, or with the path that the service has behind a proxy.";

        if (settings.ApiKey is { } key && (key.Length == 0 || key.AsSpan().ContainsAnyExceptInRange('!', '~')))
            yield return "ApiKey must be printable ASCII characters without spaces. Is there a line break at its end?";
        foreach (var (name, time) in new[]
        {
            (nameof(settings.Timeout), settings.Timeout), (nameof(settings.AttemptTimeout), settings.AttemptTimeout), (nameof(settings.WatchSilenceMax), settings.WatchSilenceMax),
        })
        {
            if (time <= TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
                yield return $"{name} is {time}; it must be longer than 0.";
        }

        if (settings.RetriesMax < 0)
            yield return $"RetriesMax is {settings.RetriesMax}; it must be 0 or more.";
        if (settings.RetryDelay < TimeSpan.Zero || settings.RetryDelayMax < settings.RetryDelay)
            yield return $"RetryDelay is {settings.RetryDelay} and RetryDelayMax is {settings.RetryDelayMax}; both must be 0 or more, and RetryDelayMax not the shorter one.";
        if (settings.ResponseBytesMax <= 0)
            yield return $"ResponseBytesMax is {settings.ResponseBytesMax}; it must be more than 0.";
    }
}
