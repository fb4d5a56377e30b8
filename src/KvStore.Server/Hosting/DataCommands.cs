using KvStore.Storage;

namespace KvStore.Server;

/// <summary>The commands for a data directory that no service uses: find out what is in it, and save what can be saved.</summary>
internal static class DataCommands
{
    /// <summary>Reads everything, changes nothing, and reports what it found.</summary>
    /// <returns>The exit code: success if a service could start on it.</returns>
    public static int Verify(IConfiguration configuration, TextWriter output) => Run(configuration, output, directory =>
    {
        var report = DiskLogTool.Verify(directory);
        if (!report.WasLocked)
            output.WriteLine($"{directory} cannot be written, so it could not be locked: the report is valid only if no service used it meanwhile.");
        Describe(report, directory, output);
        return report.Damage is null ? ExitCodes.Success : ExitCodes.DataUnusable;
    });

    /// <summary>Makes a damaged directory usable, and reports what that took.</summary>
    /// <returns>The exit code: success if a service can start on it now.</returns>
    public static int Repair(IConfiguration configuration, TextWriter output) => Run(configuration, output, directory =>
    {
        var before = DiskLogTool.Verify(directory);
        Describe(before, directory, output);
        if (before.Damage is null)
            return ExitCodes.Success;

        if (TryRepair(directory, before.Damage, output) is not { } after)
            return ExitCodes.DataUnusable;
        output.WriteLine($"Repaired: {directory} has {after.Entries} entries at revision {after.Revision}.");

        // No commit is in the file "store", which is written anew.
        if (after.SetAside.Any(name => !name.StartsWith("store", StringComparison.Ordinal)))
            output.WriteLine("Later writes are lost, although they were acknowledged.");
        if (after.SetAside.Count > 0)
            output.WriteLine("Removed data are kept under these names; the service does not read them, so delete them when they are no longer needed:");
        foreach (var name in after.SetAside)
            output.WriteLine("  " + name);
        return ExitCodes.Success;
    });

    /// <summary>Gives the store of a directory a new id, and reports it.</summary>
    /// <returns>The exit code: success if it has one.</returns>
    public static int Renew(IConfiguration configuration, TextWriter output) => Run(configuration, output, directory =>
    {
        output.WriteLine($"{directory} is store {DiskLogTool.Renew(directory)} now.");
        return ExitCodes.Success;
    });

    private static DiskLogReport? TryRepair(string directory, DiskLogException damage, TextWriter output)
    {
        try
        {
            return DiskLogTool.Repair(directory);
        }
        catch (DiskLogException exception) when (exception.Problem == DiskLogProblem.Damaged)
        {
            if (exception.Message != damage.Message)
                output.WriteLine(exception.Message);
            output.WriteLine("This cannot be repaired: restore a backup.");
            return null;
        }
    }

    private static int Run(IConfiguration configuration, TextWriter output, Func<string, int> command)
    {
        var directory = KvStoreSettings.Read(configuration, checksLogging: false).Data;
        if (!Path.Exists(directory))
        {
            output.WriteLine($"There is no directory {directory}. Name the data directory with --data.");
            return ExitCodes.DataUnusable;
        }

        try
        {
            return command(directory);
        }
        catch (DiskLogException exception)
        {
            output.WriteLine(DiskLogReports.Explain(exception, directory));
            return ExitCodes.DataUnusable;
        }
    }

    private static void Describe(DiskLogReport report, string directory, TextWriter output)
    {
        var found = $"{report.Entries} entries at revision {report.Revision}";
        if (report.Damage is not { } damage)
        {
            output.WriteLine($"{directory} is good: {found}.");
            if (report.TornTail is { } torn)
                output.WriteLine($"The next start cuts off an unfinished write: {torn}. A crash explains it, and nothing says that it was acknowledged.");
            return;
        }

        output.WriteLine(damage.Message);
        output.WriteLine($"Before the damage: {found}.");
    }
}
