using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KvStore.Extensions.Queues;

/// <summary>Registers queues and their workers.</summary>
public static class KvStoreQueueServiceCollectionExtensions
{
    /// <summary>Registers a queue on the registered <see cref="IKvStoreClient"/>, as a keyed singleton: <c>[FromKeyedServices("name")] KvQueue</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name of the queue, and the key of the service.</param>
    /// <param name="options">Leases, retries and prefix; null for the defaults.</param>
    /// <param name="clientName">The name of the client, if it is a keyed service; null for the one without a name.</param>
    public static IServiceCollection AddKvStoreQueue(this IServiceCollection services, string name, KvQueueOptions? options = null, string? clientName = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.TryAddKeyedSingleton(name, (provider, _) => new KvQueue(
            clientName is null ? provider.GetRequiredService<IKvStoreClient>() : provider.GetRequiredKeyedService<IKvStoreClient>(clientName), name, options, provider.GetService<TimeProvider>()));
        return services;
    }

    /// <summary>Executes the jobs of a queue for as long as the host runs; see <see cref="KvQueue.RunAsync"/>. Failures are logged.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name of a queue that is registered with <see cref="AddKvStoreQueue"/>.</param>
    /// <param name="execute">Does a job. The services are of a scope of its own.</param>
    /// <param name="concurrency">How many jobs are executed at a time.</param>
    public static IServiceCollection AddKvStoreQueueWorker(this IServiceCollection services, string name, Func<IServiceProvider, KvJob, CancellationToken, Task> execute, int concurrency = 1)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(execute);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concurrency);
        return services.AddSingleton<IHostedService>(provider => new QueueWorker(
            provider.GetRequiredKeyedService<KvQueue>(name), execute, concurrency, provider.GetRequiredService<IServiceScopeFactory>(), provider.GetRequiredService<ILogger<KvQueue>>()));
    }
}

/// <summary>Executes the jobs of one queue.</summary>
internal sealed partial class QueueWorker(
    KvQueue queue, Func<IServiceProvider, KvJob, CancellationToken, Task> execute, int concurrency, IServiceScopeFactory scopes, ILogger<KvQueue> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => queue.RunAsync(ExecuteAsync, concurrency, Report, stoppingToken);

    private async Task ExecuteAsync(KvJob job, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        await execute(scope.ServiceProvider, job, cancellationToken).ConfigureAwait(false);
    }

    private void Report(KvJob? job, Exception exception)
    {
        if (job is null)
            LogStoreFailure(queue.Name, exception);
        else
            LogJobFailure(queue.Name, job.Id, job.Attempt, exception);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} cannot be reached; it is tried again.")]
    private partial void LogStoreFailure(string queue, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Id} of the queue {Queue} has failed in attempt {Attempt}.")]
    private partial void LogJobFailure(string queue, string id, int attempt, Exception exception);
}
