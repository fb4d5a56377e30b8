using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>Requests that are answered on the thread that has found out what they wait for.</summary>
public sealed class DirectAnswerTests
{
    private static readonly AsyncLocal<string?> Ambient = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Some are answered before the boundary has left their end to them, some after that, and some at the same time.
    [Fact]
    public async Task Answer_AtAnyTime_EndsEachRequestOnce()
    {
        const int Requests = 600;
        var random = new Lock();
        var seeded = Seed.NewRandom();
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = context =>
            {
                var answer = new FakeAnswer(context, () =>
                {
                    context.Response.StatusCode = StatusCodes.Status202Accepted;
                    return context.Response.WriteAsync("served");
                });
                int spins;
                lock (random)
                    spins = seeded.Next(-500, 3000);
                if (spins < 0)
                    answer.Give();
                else
                    _ = Task.Run(() => GiveAfter(answer, spins), CancellationToken.None);
                return answer.Ended;
            },
        });
        using var client = service.NewClient();
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (_, cancellation) =>
            Assert.Equal("served", await client.GetStringAsync("/direct", cancellation)));

        // An answer is there before its request is counted.
        await Soon.UntilAsync(async () => await CountAsync(client) == Requests);
        await client.GetStringAsync("/direct", Cancellation);
        await Soon.UntilAsync(async () => await CountAsync(client) == Requests + 1);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Answer_Throws_Is500LoggedOnce(bool waits, bool atOnce)
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = context =>
            {
                var answer = new FakeAnswer(context, async () =>
                {
                    if (!atOnce)
                        await Task.Yield();
                    throw new InvalidOperationException("injected");
                });
                if (waits)
                    _ = Task.Run(() => GiveAfter(answer, 2000), CancellationToken.None);
                else
                    answer.Give();
                return answer.Ended;
            },
            Log = new LogLines(),
        });
        using var client = service.NewClient();
        using var response = await client.GetAsync("/direct", Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(500, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Equal("injected", (await service.Log.WaitAsync(line => line.Level >= LogLevel.Error)).Exception?.Message);
        Assert.Single(service.Log.All, line => line.Exception is not null || line.IsRequest);
    }

    // The trace of a request, for example, is one of these.
    [Fact]
    public async Task Answer_OnAnotherThread_HasTheContextOfTheRequest()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = context =>
            {
                Ambient.Value = "of the request";
                var answer = new FakeAnswer(context, () => context.Response.WriteAsync(Ambient.Value ?? "none"));
                using (ExecutionContext.SuppressFlow())
                    _ = Task.Run(() => GiveAfter(answer, 2000), CancellationToken.None);
                return answer.Ended;
            },
        });
        using var client = service.NewClient();
        Assert.Equal("of the request", await client.GetStringAsync("/direct", Cancellation));
    }

    private static void GiveAfter(FakeAnswer answer, int spins)
    {
        Thread.SpinWait(spins);
        answer.Give();
    }

    private static async Task<int> CountAsync(HttpClient client)
    {
        var line = (await client.GetStringAsync("/metrics", Cancellation)).Split('\n')
            .FirstOrDefault(line => line.StartsWith("kvstore_http_requests_total", StringComparison.Ordinal) && line.Contains("status=\"202\"", StringComparison.Ordinal));
        return line is null ? 0 : (int)double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class FakeAnswer(HttpContext context, Func<Task> answer) : DirectAnswer(context)
    {
        public void Give() => Answer();

        protected override Task AnswerAsync() => answer();
    }
}
