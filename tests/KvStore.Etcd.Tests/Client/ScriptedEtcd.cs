using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using KvStore.Etcd.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace KvStore.Etcd.Tests;

/// <summary>A member whose answers a test writes: gRPC by hand on a real web server, so that anything can be sent, and each arrival is counted.</summary>
internal sealed class ScriptedEtcd : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<string, int> _arrived = [];

    private ScriptedEtcd()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    public Uri Endpoint => new(_application.Urls.Single());

    /// <summary>Answers a call, or throws <see cref="RpcException"/>; null for the ordinary answer.</summary>
    public Func<Call, Task<IMessage?>> Script { get; set; } = _ => Task.FromResult<IMessage?>(null);

    /// <summary>What the member says of its version.</summary>
    public string Version { get; set; } = "3.4.23";

    public static async Task<ScriptedEtcd> StartAsync()
    {
        var server = new ScriptedEtcd();
        await server._application.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>How many calls of a method have arrived, such as <c>KV/Txn</c>.</summary>
    public int Arrived(string method) => _arrived.GetValueOrDefault(method);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var method = context.Request.Path.Value!["/etcdserverpb.".Length..];
        var message = await ReadAsync(context.Request.Body, context.RequestAborted);
        _arrived.AddOrUpdate(method, 1, (_, count) => count + 1);
        context.Response.ContentType = "application/grpc";
        try
        {
            var call = new Call(method, message, context);
            if (await Script(call) is { } answer)
                await call.SendAsync(answer);
            else
                await AnswerAsync(call);
            context.Response.AppendTrailer("grpc-status", "0");
        }
        catch (RpcException exception)
        {
            context.Response.AppendTrailer("grpc-status", $"{(int)exception.StatusCode}");
            context.Response.AppendTrailer("grpc-message", exception.Status.Detail);
        }
    }

    private async Task AnswerAsync(Call call)
    {
        var header = new ResponseHeader { ClusterId = 1, MemberId = 2, Revision = 3, RaftTerm = 4 };
        await call.SendAsync(call.Method switch
        {
            "KV/Range" => new RangeResponse { Header = header },
            "KV/Txn" => new TxnResponse { Header = header, Succeeded = true },
            "Cluster/MemberList" => new MemberListResponse { Header = header, Members = { new Member { ID = 2, Name = "scripted", ClientURLs = { $"{Endpoint}" } } } },
            "Maintenance/Status" => new StatusResponse { Header = header, Version = Version, Leader = 2 },
            "Auth/Authenticate" => new AuthenticateResponse { Header = header, Token = "token" },
            "Watch/Watch" => new WatchResponse { Header = header, Created = true },
            _ => throw new RpcException(new(StatusCode.Unimplemented, call.Method)),
        });
        if (call.Method == "Watch/Watch")
            await call.Forever;
    }

    private static async Task<byte[]> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var prefix = new byte[5];
        await body.ReadExactlyAsync(prefix, cancellationToken);
        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await body.ReadExactlyAsync(message, cancellationToken);
        return message;
    }

    /// <summary>A call that has arrived.</summary>
    internal sealed class Call(string method, byte[] message, HttpContext context)
    {
        public string Method => method;

        public byte[] Message => message;

        public string? Token => context.Request.Headers["token"];

        public string? HasLeader => context.Request.Headers["hasleader"];

        /// <summary>Ends when the client gives up.</summary>
        public Task Forever => Task.Delay(Timeout.Infinite, context.RequestAborted);

        public async Task SendAsync(IMessage answer)
        {
            var frame = new byte[5 + answer.CalculateSize()];
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
            answer.WriteTo(frame.AsSpan(5));
            await context.Response.Body.WriteAsync(frame, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
