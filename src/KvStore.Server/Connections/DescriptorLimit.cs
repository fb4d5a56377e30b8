using System.Runtime.InteropServices;

namespace KvStore.Server;

/// <summary>The limit of the operating system on the descriptors (open files and sockets) of this process.</summary>
internal static partial class DescriptorLimit
{
    // RLIMIT_NOFILE of Linux.
    private const int OpenFiles = 7;

    /// <summary>Raises the soft limit to the hard one, which every process may do.</summary>
    /// <returns>The limit that is in force; null if there is none, or if it is unknown on this system.</returns>
    public static long? Raise()
    {
        if (!OperatingSystem.IsLinux() || Get(OpenFiles, out var limits) != 0)
            return null;
        if (limits.Soft < limits.Hard)
        {
            var raised = limits with { Soft = limits.Hard };
            if (Set(OpenFiles, in raised) == 0)
                limits = raised;
        }

        return limits.Soft > long.MaxValue ? null : (long)limits.Soft;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Get(int resource, out Limits limits);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Set(int resource, ref readonly Limits limits);

    private record struct Limits(nuint Soft, nuint Hard);
}
