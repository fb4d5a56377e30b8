using System.Reflection;

namespace KvStore.Server;

/// <summary>The version of this build.</summary>
internal static class ServiceVersion
{
    /// <summary>The version without the commit that it was built from.</summary>
    public static string Text { get; } =
        (typeof(ServiceVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];
}
