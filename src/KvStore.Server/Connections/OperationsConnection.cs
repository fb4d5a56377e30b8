namespace KvStore.Server;

/// <summary>The feature of a connection that came in on the operators' listener.</summary>
internal sealed class OperationsConnection
{
    public static readonly OperationsConnection Instance = new();

    private OperationsConnection()
    {
    }
}
