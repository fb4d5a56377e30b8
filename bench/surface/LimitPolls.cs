using System.Globalization;

namespace KvStore.SurfaceLimit;

/// <summary>Long polls without a store: a request waits in a slot until another one wakes it.</summary>
internal static class LimitPolls
{
    private static readonly Slot[] Slots = [.. Enumerable.Range(0, 1024).Select(_ => new Slot())];
    private static readonly byte[] Value = new byte[100];

    public static async Task ParkAsync(HttpContext context)
    {
        var after = long.Parse(context.Request.Query["after"]!, CultureInfo.InvariantCulture);
        var version = await SlotOf(context).WaitAsync(after);
        context.Response.Headers["KvStore-Revision"] = version.ToString(CultureInfo.InvariantCulture);
        context.Response.ContentLength = Value.Length;
        await context.Response.Body.WriteAsync(Value);
    }

    public static async Task WakeAsync(HttpContext context)
    {
        var value = GC.AllocateUninitializedArray<byte>((int)context.Request.ContentLength!.Value);
        await context.Request.Body.ReadExactlyAsync(value);
        SlotOf(context).Wake();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static Slot SlotOf(HttpContext context) => Slots[int.Parse((string)context.Request.RouteValues["slot"]!, CultureInfo.InvariantCulture)];

    private sealed class Slot
    {
        private readonly Lock _lock = new();
        private long _version;
        private TaskCompletionSource<long>? _waiting;

        public Task<long> WaitAsync(long after)
        {
            lock (_lock)
            {
                if (_version > after)
                    return Task.FromResult(_version);
                _waiting = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
                return _waiting.Task;
            }
        }

        public void Wake()
        {
            lock (_lock)
            {
                _version++;
                _waiting?.TrySetResult(_version);
                _waiting = null;
            }
        }
    }
}
