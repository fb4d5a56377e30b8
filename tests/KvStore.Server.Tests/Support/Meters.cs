using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Meters that nothing listens to, for parts of the service that are tested alone.</summary>
internal static class Meters
{
    public static IMeterFactory Factory { get; } = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
}
