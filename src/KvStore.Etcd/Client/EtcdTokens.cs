using Grpc.Core;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>The token of etcd's user, fetched when it is first needed and again when a member refuses it.</summary>
internal sealed class EtcdTokens(EtcdClientOptions options) : IDisposable
{
    private readonly SemaphoreSlim _fetching = new(1);

    // What is sent with each call. Replaced under the semaphore, dropped by any thread.
    private volatile Metadata? _headers;

    /// <summary>The headers with the token; null if there is no user.</summary>
    /// <param name="member">Who issues it, if there is none yet.</param>
    /// <param name="timeout">How long that may take.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="EtcdException">There is no token, so the call that needs it was not sent.</exception>
    public async ValueTask<Metadata?> GetAsync(EtcdMember member, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (options.UserName is null)
            return null;
        if (_headers is { } known)
            return known;

        // Checking a password is expensive for etcd by design, so that is done once for all calls that wait.
        if (!await _fetching.WaitAsync(timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero, cancellationToken))
            throw new EtcdException(EtcdFailure.NotSent, $"etcd at {EtcdErrors.Name(member.Endpoint)} did not issue a token in time. Is it overloaded, stopped, or without a leader?");
        try
        {
            return _headers ??= await FetchAsync(member, timeout, cancellationToken);
        }
        finally
        {
            _fetching.Release();
        }
    }

    /// <summary>Forgets headers that a member refused, unless they have been replaced.</summary>
    /// <returns>Whether another attempt has a chance.</returns>
    public bool Drop(Metadata? refused)
    {
        if (refused is null)
            return false;
        Interlocked.CompareExchange(ref _headers, null, refused);
        return true;
    }

    public void Dispose() => _fetching.Dispose();

    private async Task<Metadata> FetchAsync(EtcdMember member, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string password;
        try
        {
            password = (await File.ReadAllTextAsync(options.PasswordFile!, cancellationToken)).TrimEnd('\r', '\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EtcdException(EtcdFailure.NotPermitted, $"The file with the password for etcd cannot be read: {exception.Message}", exception);
        }

        try
        {
            var answer = await member.SendAsync(static (member, request, options) => member.Auth.AuthenticateAsync(request, options),
                new AuthenticateRequest { Name = options.UserName, Password = password }, null, timeout, cancellationToken);
            return new() { { "token", answer.Token } };
        }
        catch (EtcdException exception) when (exception.InnerException is RpcException status && EtcdErrors.IsWithoutUsers(status.Status))
        {
            // etcd asks for no token until its authentication is enabled, and then refuses the lack of one.
            return [];
        }
        catch (EtcdException exception) when (exception.Failure is EtcdFailure.Unknown or EtcdFailure.Refused)
        {
            throw new EtcdException(EtcdFailure.NotSent, exception.Message, exception);
        }
        catch (EtcdTokenException exception)
        {
            throw new EtcdException(EtcdFailure.NotSent, exception.Message, exception);
        }
    }
}
