using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>How a test's service differs from one with default settings.</summary>
internal sealed class KvServerOptions
{
    /// <summary>Settings by name, those of the section KvStore without its prefix. Default: the engine in memory, a free port.</summary>
    public Dictionary<string, string> Settings { get; } = new() { ["Engine"] = "memory", ["urls"] = "http://127.0.0.1:0" };

    /// <summary>Replaces the log of the engine.</summary>
    public ICommitLog? CommitLog { get; init; }

    /// <summary>Handles requests for paths that the service does not serve.</summary>
    public RequestDelegate? Handler { get; init; }

    /// <summary>Receives what the service logs. Without it, logging is off.</summary>
    public LogLines? Log { get; init; }

    /// <summary>Replaces other parts of the service.</summary>
    public Action<IServiceCollection> Services { get; init; } = _ => { };
}
