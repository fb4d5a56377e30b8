namespace KvStore.Etcd;

/// <summary>How to reach an etcd cluster.</summary>
internal sealed record EtcdClientOptions
{
    /// <summary>The client URLs of members, <c>http</c> or <c>https</c>. One is used until it fails, then the next.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>The name of etcd's user; null to send none. Over <c>http</c> its password crosses the network in the clear, which etcd allows.</summary>
    public string? UserName { get; init; }

    /// <summary>The file with the user's password, read again for each new token. A line break at its end does not count.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>PEM file of the authorities that sign the members' certificates; null for those of the system. Read again for each connection.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of the client certificate, with intermediate ones after it. Read again for each connection.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM file of the certificate's private key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>How long a call may take, connecting included. After it, the call's outcome is unknown. Also how long a watch may take to open.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long connecting to one member may take. Below <see cref="CallTimeout"/>, so that a call has time for another member.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a member may take to say how it does. There are two rounds, and a member that does not answer must not delay a report by a second.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromSeconds(0.45);

    /// <summary>What is wrong with these options, for the operator; null if nothing is.</summary>
    public string? Validate()
    {
        if (Endpoints.Count == 0)
            return "At least one endpoint of etcd is needed, such as http://127.0.0.1:2379.";
        foreach (var endpoint in Endpoints)
        {
            if (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https") || endpoint.PathAndQuery != "/")
                return $"{endpoint} is not an endpoint of etcd: write http://HOST:PORT or https://HOST:PORT.";
            if (endpoint.UserInfo.Length > 0)
                return $"The endpoint of etcd at {endpoint.Authority} has a user in its URL: set the user and the file of the password.";
        }

        if ((CertificateFile is null) != (KeyFile is null))
            return "A client certificate for etcd needs both its file and the file of its private key.";
        if ((CaFile ?? CertificateFile) is not null && Endpoints.FirstOrDefault(endpoint => endpoint.Scheme == "http") is { } plain)
            return $"{plain} has no TLS, so the files of certificates have no use: write https:// or leave them out.";
        if ((UserName is null) != (PasswordFile is null))
            return "A user of etcd needs both a name and the file of the password.";
        return null;
    }
}
