using KvStore.Pauses;

/// <summary>
/// What the runtime calls before Main. The runtime asks for this name, outside of all namespaces.
/// The pauses go to the file that KVSTORE_PAUSES names.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        // The runtime holds a listener until it is disposed, which is never: it listens as long as the process lives.
        if (Environment.GetEnvironmentVariable("KVSTORE_PAUSES") is { } path)
            _ = new PauseListener(new StreamWriter(path) { AutoFlush = true });
    }
}
