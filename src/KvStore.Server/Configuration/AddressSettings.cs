using System.Net;

namespace KvStore.Server;

/// <summary>Where the service listens: the addresses of ASP.NET Core's own settings, or <see cref="Default"/> if there are none.</summary>
internal static class AddressSettings
{
    /// <summary>Loopback only: listening on a network must be chosen.</summary>
    public const string Default = "http://localhost:8080";

    /// <summary>The setting that has the addresses of the operators' listener.</summary>
    public const string OperationsKey = KvStoreOptions.Section + ":OperationsUrls";

    /// <summary>Its value when there is no such listener.</summary>
    public const string None = KvStoreOptions.None;

    /// <summary>Gives the configuration the default address unless any of ASP.NET Core's settings has one.</summary>
    /// <remarks>
    /// Not a line in appsettings.json, which overrides ASPNETCORE_URLS, and not a source below all others, because an address in
    /// <c>urls</c> hides ASPNETCORE_HTTP_PORTS.
    /// </remarks>
    public static void UseDefault(IConfiguration configuration)
    {
        if (InheritedSockets.Any)
        {
            // The web server would warn that it ignores them.
            foreach (var key in (string[])["urls", "http_ports", "https_ports"])
                configuration[key] = null;
        }
        else if (!IsGiven(configuration, "urls") && !IsGiven(configuration, "http_ports") && !IsGiven(configuration, "https_ports") &&
            !configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            configuration["urls"] = Default;
    }

    /// <summary>Adds the operators' addresses to those that the web server listens on, after the others.</summary>
    public static void UseOperations(IConfiguration configuration)
    {
        var operations = Operations(configuration);
        if (operations.Length == 0)
            return;
        var endpoints = configuration.GetSection("Kestrel:Endpoints");
        var isEndpoint = InheritedSockets.Any || endpoints.GetChildren().Any();
        if (!isEndpoint)
            configuration["urls"] = string.Join(';', Configured(configuration).Concat(operations));
        for (var i = 0; isEndpoint && i < operations.Length; i++)
            endpoints[$"Operations{i}:Url"] = operations[i];
    }

    /// <summary>The addresses of the operators' listener.</summary>
    public static string[] Operations(IConfiguration configuration) =>
        configuration[OperationsKey] is { } urls ? List(urls.Trim()) : [];

    /// <summary>The addresses that a health check on this machine can use, in order: those for operators, which are always answered, first.</summary>
    public static IEnumerable<Uri> Local(IConfiguration configuration) => Local(Operations(configuration)).Concat(Local(Configured(configuration)).OrderBy(local => local.Scheme));

    /// <summary>Those of some addresses that a client on this machine can use, in order.</summary>
    public static IEnumerable<Uri> Local(IEnumerable<string> addresses)
    {
        foreach (var address in addresses)
        {
            if (!TryParse(address, out var parsed) || parsed.IsUnixPipe || parsed.IsNamedPipe)
                continue;

            // A name or a wildcard includes the loopback addresses; an IP address is only itself.
            var host = parsed.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : parsed.Host;
            yield return new UriBuilder(parsed.Scheme, host, parsed.Port).Uri;
        }
    }

    /// <summary>Records addresses that are invalid on every machine.</summary>
    public static void Check(IConfiguration configuration, List<string> problems)
    {
        foreach (var url in Split(configuration["urls"]))
        {
            if (!TryParse(url, out var address) || !Uri.TryCreate(TextOf(address), UriKind.Absolute, out _))
                problems.Add($"urls must be addresses such as {Default}, separated by semicolons. Given: {url}.");
            else if (address.PathBase.Length > 0)
                problems.Add($"urls must be addresses without a path. Given: {url}.");
            else if (address is { Host: "localhost", Port: 0 })
                problems.Add($"urls must give a port for localhost; port 0 (any free port) needs 127.0.0.1. Given: {url}.");
        }

        var operations = Operations(configuration);
        foreach (var url in operations)
        {
            if (!TryParse(url, out var address) || address.Scheme != "http" || address.IsUnixPipe || address.IsNamedPipe || address.PathBase.Length > 0 || HostsOf(address.Host).Length == 0)
                problems.Add($"{OperationsKey} must be addresses of http with localhost, an IP address or *, such as http://127.0.0.1:9090, separated by semicolons, or {None}. Given: {url}.");
            else if (Configured(configuration).Count(other => other.Equals(url, StringComparison.OrdinalIgnoreCase)) > 1)
                problems.Add($"{OperationsKey} must be other addresses than those for clients. Given: {url}.");
        }

        // It would have the web server listen elsewhere than what is checked here.
        if (configuration["preferHostingUrls"] is { Length: > 0 } preferred && !preferred.Equals("false", StringComparison.OrdinalIgnoreCase))
            problems.Add("preferHostingUrls is not a setting of this service: addresses in Kestrel:Endpoints count, and urls without any. Remove it.");

        foreach (var key in (string[])["http_ports", "https_ports"])
        {
            foreach (var port in Split(configuration[key]))
            {
                if (!ushort.TryParse(port, out _))
                    problems.Add($"{key} must be port numbers from 0 to 65535, separated by semicolons. Given: {port}.");
            }
        }

        static string TextOf(BindingAddress address) =>
            address.IsUnixPipe || address.IsNamedPipe ? Default
            : $"{address.Scheme}://{(address.Host is "*" or "+" ? "localhost" : address.Host)}:{address.Port}";
    }

    /// <summary>The addresses to listen on, in order.</summary>
    public static IEnumerable<string> Configured(IConfiguration configuration)
    {
        if (InheritedSockets.Any)
            return InheritedSockets.Addresses;
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>().ToList();
        if (endpoints.Count > 0)
            return endpoints;
        var urls = Split(configuration["urls"]);
        return urls.Length > 0 ? urls
            : [.. Split(configuration["http_ports"]).Select(port => $"http://*:{port}"), .. Split(configuration["https_ports"]).Select(port => $"https://*:{port}")];
    }

    /// <summary>The IP addresses that a host of an address stands for; none for a name, which stands for all of them.</summary>
    public static IPAddress[] HostsOf(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out var ip) ? [ip]
        : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : host is "*" or "+" ? [IPAddress.IPv6Any, IPAddress.Any]
        : [];

    private static bool IsGiven(IConfiguration configuration, string key) => !string.IsNullOrWhiteSpace(configuration[key]);

    /// <summary>The parts of a setting that is a list, or <see cref="None"/>.</summary>
    public static string[] List(string setting) => setting.Equals(None, StringComparison.OrdinalIgnoreCase) ? [] : Split(setting);

    private static string[] Split(string? list) =>
        (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Parses an address as the web server does; false if it would reject it.</summary>
    public static bool TryParse(string url, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out BindingAddress? address)
    {
        try
        {
            address = BindingAddress.Parse(url);
            return address.Port is >= 0 and <= ushort.MaxValue && address.Scheme is "http" or "https";
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException)
        {
            address = null;
            return false;
        }
    }
}
