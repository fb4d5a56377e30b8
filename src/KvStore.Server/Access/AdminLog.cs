namespace KvStore.Server;

/// <summary>Logs every use of the right to administer.</summary>
internal sealed class AdminLog(ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger("KvStore.Server.Access");

    public void Used(Principal principal, HttpContext context) => _logger.AdminRightUsed(principal.Name, context.Request.Method, context.Request.Path.ToUriComponent());
}
