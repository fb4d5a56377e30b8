using KvStore.Etcd;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KvStore.Server;

/// <summary>Registers what knows of other replicas. Before the rest, because the clock of the service is then that of all replicas, and the store starts after it is known.</summary>
internal static class ClusterSetup
{
    // A member that hangs must not make this replica silent for as long as the log waits for it.
    private static readonly TimeSpan MemberTimeout = TimeSpan.FromSeconds(1);

    public static IServiceCollection AddCluster(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ReplicaIdentity>();
        services.AddSingleton<OwnState>();
        if (!EtcdSettings.IsEngine(configuration))
        {
            services.TryAddSingleton<ICluster, SingleReplica>();
            return services;
        }

        services.AddSingleton<IEtcd>(NewClient);
        services.AddSingleton(_ => new ClusterClock(TimeProvider.System));
        services.AddSingleton<TimeProvider>(provider => provider.GetRequiredService<ClusterClock>());
        services.AddSingleton(NewMembership);
        services.AddSingleton<EtcdReplicas>();
        services.AddSingleton<ICluster>(provider => provider.GetRequiredService<EtcdReplicas>());
        services.AddSingleton<ClusterInstruments>();
        services.AddHostedService<ClusterService>();
        services.AddSingleton<OpenCommitLog>(provider => () => OpenLog(provider));
        return services;
    }

    private static EtcdClient NewClient(IServiceProvider provider) => new(
        EtcdConnection.OptionsOf(provider.GetRequiredService<KvStoreOptions>()) with { CallTimeout = MemberTimeout, ConnectTimeout = MemberTimeout / 2 }, TimeProvider.System);

    private static EtcdCommitLog OpenLog(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<KvStoreOptions>();
        var membership = provider.GetRequiredService<Membership>();

        // A client of its own, which it disposes of when the store stops: the membership ends after that.
        var id = provider.GetRequiredService<ReplicaIdentity>().Id;
        var log = new EtcdLogOptions
        {
            Prefix = options.EtcdPrefix,
            CommitTimeout = options.EtcdTimeout,
            DatabaseBytesMax = options.EtcdBytesMax,
            Rank = () => membership.Rank,
            Serving = () => 1 + membership.Replicas.Count(replica => replica.Record.Id != id && replica.State is (ReplicaState.Ready or ReplicaState.Draining)),
        };
        return new EtcdCommitLog(new EtcdClient(EtcdConnection.OptionsOf(options), TimeProvider.System), log, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<EtcdLogReports>().Write);
    }

    private static Membership NewMembership(IServiceProvider provider)
    {
        var identity = provider.GetRequiredService<ReplicaIdentity>();
        var logger = provider.GetRequiredService<ILogger<Membership>>();
        var options = new MembershipOptions
        {
            Id = identity.Id,
            Prefix = provider.GetRequiredService<KvStoreOptions>().EtcdPrefix,
            Name = () => identity.Name,
            Url = () => identity.Url,
            Version = ServiceVersion.Text,
        };
        return new Membership(provider.GetRequiredService<IEtcd>(), options, () => provider.GetRequiredService<Store>().Latest.Revision, provider.GetRequiredService<ClusterClock>(), Report);

        void Report(MembershipEvent happened)
        {
            switch (happened)
            {
                case MembershipEvent.ReplicaFailed failed:
                    logger.ReplicaFailed(failed.Replica.Name, failed.Replica.Url, failed.Replica.Id);
                    break;
                case MembershipEvent.ReplicaReturned returned:
                    logger.ReplicaReturned(returned.Replica.Name, returned.Replica.Id);
                    break;
                case MembershipEvent.ClockIsOff off:
                    logger.ClockIsOff(Math.Round(off.Error.TotalSeconds, 3));
                    break;
            }
        }
    }
}
