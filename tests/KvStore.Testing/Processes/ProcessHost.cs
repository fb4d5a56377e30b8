namespace KvStore.Testing;

/// <summary>Where a process runs and listens.</summary>
/// <param name="Address">The address that others reach it at.</param>
/// <param name="Through">The program that becomes the process there, with its arguments.</param>
internal sealed record ProcessHost(string Address, params string[] Through)
{
    /// <summary>This machine, which only this machine reaches.</summary>
    public static ProcessHost Loopback { get; } = new("127.0.0.1");
}
