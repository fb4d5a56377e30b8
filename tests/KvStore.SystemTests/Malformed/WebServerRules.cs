namespace KvStore.SystemTests.Malformed;

internal static class WebServerRules
{
    public static string? Breaks(byte[] request) => request.Length == 0 ? "" : null;
}
