using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace KvStore.WatchLoad;

/// <summary>
/// A program that only sends: the same events at the same rate to every client, without a store, each client as often as the service wakes its watcher. What a
/// delivery costs at least, by sockets, and by the web server's writer.
/// </summary>
internal static class Limit
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

    public static async Task RunAsync(bool byWebServer, int port, int perSecond, TimeSpan wait)
    {
        var feed = new Feed(perSecond, wait);
        feed.Start();
        await (byWebServer ? ServeAsync(port, feed) : AcceptAsync(port, feed));
    }

    private static async Task AcceptAsync(int port, Feed feed)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendBufferSize = 64 << 10 };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(1024);
        while (true)
        {
            var socket = await listener.AcceptAsync();
            await socket.ReceiveAsync(new byte[1024]);
            await socket.SendAsync(Encoding.ASCII.GetBytes(Head));
            _ = feed.AddAsync(async bytes =>
            {
                for (var sent = 0; sent < bytes.Length;)
                    sent += await socket.SendAsync(bytes[sent..]);
            });
        }
    }

    private static async Task ServeAsync(int port, Feed feed)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        await using var application = builder.Build();
        application.MapGet("/v1/watch", async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync();
            var writer = context.Response.BodyWriter;
            await feed.AddAsync(async bytes =>
            {
                if ((await writer.WriteAsync(bytes)).IsCompleted)
                    throw new OperationCanceledException();
            });
        });
        await application.RunAsync();
    }
}
