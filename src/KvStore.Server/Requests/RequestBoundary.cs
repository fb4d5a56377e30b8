using Microsoft.AspNetCore.Connections;

namespace KvStore.Server;

/// <summary>
/// The outermost middleware: every error becomes a problem for the client and, if it is the service's, a line in the log. One
/// middleware instead of several, so that a request that completes synchronously has no state machine here, and any other has one.
/// </summary>
internal sealed class RequestBoundary(RequestDelegate next, RequestLog log, CancellationToken stopping)
{
    /// <summary>Adds the middleware, before all other.</summary>
    public static void Use(WebApplication app)
    {
        var log = app.Services.GetRequiredService<RequestLog>();
        app.Services.GetRequiredService<RejectedRequests>().Subscribe();
        var stopping = app.Lifetime.ApplicationStopping;
        app.Use(next => new RequestBoundary(next, log, stopping).InvokeAsync);
    }

    // One made in advance: there may be no memory for another.
    private static readonly Problem OutOfMemory = Problems.Overloaded("requests", RetryTimes.Overloaded) with
    {
        Detail = "There was no memory for this request. Reads changed nothing; a write may have been applied, so read before you write again. Try again after the time in Retry-After.",
        Outcome = null,
    };

    public Task InvokeAsync(HttpContext context)
    {
        var startedAt = log.Now();
        if (stopping.IsCancellationRequested)
            Drain.CloseConnection(context);
        Task task;
        try
        {
            task = next(context);
        }
        catch (Exception exception)
        {
            return FailAsync(context, exception, startedAt);
        }

        return !task.IsCompleted && task.AsyncState is DirectAnswer direct && direct.TryLeave(this, startedAt) ? task : EndAsync(context, task, startedAt);
    }

    /// <summary>Ends a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="task">Its answer, which may have failed, or take time.</param>
    /// <param name="startedAt">When the request came.</param>
    /// <returns>Fails only if the request cannot be ended.</returns>
    public Task EndAsync(HttpContext context, Task task, long startedAt) => task.IsCompletedSuccessfully ? End(context, startedAt) : WaitAsync(context, task, startedAt);

    private async Task WaitAsync(HttpContext context, Task task, long startedAt)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await FailAsync(context, exception, startedAt).ConfigureAwait(false);
            return;
        }

        await End(context, startedAt).ConfigureAwait(false);
    }

    private Task End(HttpContext context, long startedAt)
    {
        if (IsUnexplained(context.Response))
            return ExplainAsync(context, startedAt);
        log.Ended(context, startedAt);
        return Task.CompletedTask;
    }

    private static bool IsUnexplained(HttpResponse response) =>
        response.StatusCode is >= StatusCodes.Status400BadRequest and not StatusCodes.Status499ClientClosedRequest && !response.HasStarted && response.ContentLength is null && response.ContentType is null;

    /// <summary>Gives a body to an error of the router or the framework, which has none.</summary>
    private async Task ExplainAsync(HttpContext context, long startedAt)
    {
        await WriteAsync(context, ProblemOf(context, context.Response.StatusCode)).ConfigureAwait(false);
        log.Ended(context, startedAt);
    }

    private static Problem ProblemOf(HttpContext context, int status) => status switch
    {
        StatusCodes.Status404NotFound => Problems.NoSuchResource(RequestLog.PathOf(context)),
        StatusCodes.Status405MethodNotAllowed => Problems.MethodNotAllowed(context.Request.Method, context.Response.Headers.Allow),
        StatusCodes.Status415UnsupportedMediaType => Problems.UnsupportedMediaType($"{context.Request.ContentType ?? "No Content-Type"} is not supported here."),
        _ => Problems.OfStatus(status, "See /swagger for what is accepted here."),
    };

    private static async Task WriteAsync(HttpContext context, Problem problem)
    {
        try
        {
            await problem.WriteAsync(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client is gone.
        }
    }

    private async Task FailAsync(HttpContext context, Exception exception, long startedAt)
    {
        var problem = exception switch
        {
            // The order matters because a client that disconnects in the middle of a body also causes a malformed body.
            _ when IsConnectionGone(context, exception) => null,
            OutOfMemoryException => OutOfMemory,
            BadHttpRequestException bad => Problems.OfStatus(bad.StatusCode, bad.Message),
            _ => Problems.OfStatus(StatusCodes.Status500InternalServerError, "This is a bug in the service, which has logged it. A write may have been applied."),
        };

        if (problem is null)
        {
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            log.Ended(context, startedAt);
            return;
        }

        // A response that has started cannot change its status; closing the connection marks it as incomplete.
        if (context.Response.HasStarted)
        {
            context.Abort();
        }
        else
        {
            context.Response.Clear();

            // The rest of the body would be read as the next request.
            if (problem.Status == StatusCodes.Status408RequestTimeout)
                context.Response.CloseConnection();
            await WriteAsync(context, problem).ConfigureAwait(false);
        }

        if (problem.Status == StatusCodes.Status500InternalServerError || exception is OutOfMemoryException)
            log.Threw(context, startedAt, exception);
        else
            log.Ended(context, startedAt);
    }

    // A disconnect cancels RequestAborted and fails the body's reader on different threads: the exception, maybe inside another, may
    // come first. A stop that exceeds its timeout also aborts connections, and is not a bug either.
    private static bool IsConnectionGone(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return true;
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is ConnectionResetException or ConnectionAbortedException)
                return true;
        }

        return false;
    }
}
