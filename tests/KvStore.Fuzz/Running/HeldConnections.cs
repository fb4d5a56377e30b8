namespace KvStore.Fuzz;

/// <summary>Connections that are left open and not read, the newest of them. Thread-safe.</summary>
internal sealed class HeldConnections(int max) : IDisposable
{
    private readonly Queue<WireConnection> _connections = new();

    public void Add(WireConnection connection, Task sending)
    {
        // What is still being sent fails when the connection is closed, which is meant.
        _ = sending.ContinueWith(task => task.Exception, TaskScheduler.Default);
        lock (_connections)
        {
            _connections.Enqueue(connection);
            if (_connections.Count > max)
                _connections.Dequeue().Dispose();
        }
    }

    public void Dispose()
    {
        lock (_connections)
        {
            foreach (var connection in _connections)
                connection.Dispose();
            _connections.Clear();
        }
    }
}
