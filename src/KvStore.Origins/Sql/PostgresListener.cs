using System.Data.Common;
using Npgsql;

namespace KvStore.Origins;

/// <summary>Listens to a channel of PostgreSQL and invalidates what its notifications name. Any thread may read how it does.</summary>
/// <remarks>
/// What changes while there is no connection is not notified later. So after each connection everything of the origin is invalid once, and the order matters: what changes after LISTEN is notified, and what changed before
/// is covered. Each replica of a cluster listens by itself: an invalidation that is committed twice is harmless, and one that waits for a replica that has failed is not.
/// </remarks>
internal sealed class PostgresListener : IAsyncDisposable
{
    // In seconds: how long a connection is silent until it is asked whether it is there, and how long the answer may take.
    private const int KeepAlive = 15;
    private const int AnswerWait = 10;

    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(30);

    private readonly OriginOptions _options;
    private readonly int _keyBytesMax;
    private readonly Action<OriginEvent> _report;
    private readonly TimeProvider _time;
    private readonly InvalidationQueue _queue;
    private readonly NpgsqlDataSource _source;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _worker;
    private volatile bool _isConnected;
    private long _connections;
    private long _received;

    // Owned by the worker.
    private bool _isReported;

    /// <summary>Starts to listen.</summary>
    /// <param name="state">What the store has of the origin, whose settings have a channel.</param>
    /// <param name="store">The store.</param>
    /// <param name="keyBytesMax">The longest key.</param>
    /// <param name="report">Called with what an operator may want to know. It must not throw.</param>
    /// <param name="time">The clock.</param>
    public PostgresListener(OriginState state, Store store, int keyBytesMax, Action<OriginEvent> report, TimeProvider time)
    {
        (_options, _keyBytesMax, _report, _time) = (state.Options, keyBytesMax, report, time);
        Channel = _options.Sql?.NotifyChannel ?? throw new ArgumentException("The origin has no channel.", nameof(state));
        var settings = PostgresDatabase.Read(_options.Sql.ConnectionString);
        (settings.Pooling, settings.KeepAlive, settings.CommandTimeout) = (false, KeepAlive, AnswerWait);
        _source = PostgresDatabase.Build(settings);
        _queue = new InvalidationQueue(state, store, time);
        _worker = Task.Run(() => Task.WhenAll(RunAsync(ListenAsync), RunAsync(_queue.RunAsync)));
    }

    /// <summary>The channel.</summary>
    public string Channel { get; }

    /// <summary>Whether there is a connection.</summary>
    public bool IsConnected => _isConnected;

    /// <summary>Connections since the start.</summary>
    public long Connections => Volatile.Read(ref _connections);

    /// <summary>Notifications since the start.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Stops, if that has not happened.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _worker.ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            _report(new(OriginEventKind.Faulted, "Notifications are not received any more, because of an exception.", exception));
        }
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        for (var delay = DelayMin; ; delay = delay * 2 < DelayMax ? delay * 2 : DelayMax)
        {
            var before = Connections;
            try
            {
                await ListenOnceAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is DbException or IOException or TimeoutException or System.Net.Sockets.SocketException)
            {
                stopping.ThrowIfCancellationRequested();
                ReportLost(exception, wasNotConnected: Connections == before);
            }
            finally
            {
                _isConnected = false;
            }

            if (Connections > before)
                delay = DelayMin;
            await Task.Delay(delay, _time, stopping).ConfigureAwait(false);
        }
    }

    private async Task ListenOnceAsync(CancellationToken stopping)
    {
        var connection = await _source.OpenConnectionAsync(stopping).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            connection.Notification += (_, notified) => Receive(notified.Payload);
            var command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                // It has no parameters: the name of a channel is an identifier.
                command.CommandText = $"listen \"{Channel.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
                await command.ExecuteNonQueryAsync(stopping).ConfigureAwait(false);
            }

            Interlocked.Increment(ref _connections);
            _isConnected = true;
            _isReported = false;
            _queue.AddAll();
            _report(new(OriginEventKind.NotificationsReceived, $"The database notifies the channel {Channel}. Everything is invalid once, because what changed before was not notified."));
            while (true)
                await connection.WaitAsync(stopping).ConfigureAwait(false);
        }
    }

    private void Receive(string payload)
    {
        Interlocked.Increment(ref _received);
        _queue.Add(NotificationPayload.Parse(payload, _options.Prefix, _keyBytesMax));
    }

    // Once for each connection, not for each attempt to make one.
    private void ReportLost(Exception exception, bool wasNotConnected)
    {
        if (_isReported)
            return;
        _isReported = true;
        var error = exception is DbException failed ? PostgresDatabase.MeaningOf(failed) : SqlError.Disconnected;
        if (wasNotConnected && error == SqlError.Disconnected)
            error = SqlError.Unreachable;
        _report(new(OriginEventKind.NotificationsLost, $"{error.Detail} What changes there is not notified until it can be connected to again."));
    }
}
