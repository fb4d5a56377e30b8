using System.Net;

namespace KvStore.Client;

/// <content>Attempts, retries, and what they say together about a write.</content>
public sealed partial class KvStoreClient
{
    // A service that has answered before may be restarting. One that never has is more likely at another address, which should be said soon.
    private const int FirstContactRetriesMax = 2;

    private volatile bool _hasAnswered;

    internal async Task<T> SendAsync<T>(Call call, Func<Answer, T> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, this);
        using var observed = ObservedCall.Begin(call, _address);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            return await SendAsync(call, new TimeLimit(call.IsEndless ? Timeout.InfiniteTimeSpan : _options.Timeout, _options.TimeProvider), read, observed, ending.Token).ConfigureAwait(false);
        }
        catch (KvStoreException failure)
        {
            observed?.Fail(failure);
            throw;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            observed?.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(KvStoreClient));
        }
    }

    private async Task<T> SendAsync<T>(Call call, TimeLimit limit, Func<Answer, T> read, ObservedCall? observed, CancellationToken cancellationToken)
    {
        var outcome = KvOutcome.NotApplied;
        for (var retry = 0; ; retry++)
        {
            try
            {
                return Read(await AttemptAsync(call, limit, cancellationToken).ConfigureAwait(false), call, read);
            }
            catch (KvStoreException failure)
            {
                var ofAttempt = failure.Outcome;
                outcome = failure.Outcome = Combine(outcome, ofAttempt);
                if (call.AllowsAbsence && failure.IsAbsence && outcome == KvOutcome.NotApplied)
                    return default!;

                var delay = _options.DelayBefore(retry, failure.RetryAfter);
                var retriesMax = call.IsSingle ? 0 : call.IsEndless ? int.MaxValue : failure.IsUnreachable && !_hasAnswered ? Math.Min(FirstContactRetriesMax, _options.RetriesMax) : _options.RetriesMax;
                if (!failure.IsTransient || retry >= retriesMax || limit.IsReachedIn(delay) || !(call.IsRepeatable || ofAttempt == KvOutcome.NotApplied))
                    throw;
                observed?.Retry();
                await Task.Delay(delay, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Not applied only if no attempt was: the rejection of a retry does not say what became of the attempts before, which may even be underway.
    private static KvOutcome Combine(KvOutcome before, KvOutcome attempt) =>
        before == KvOutcome.Applied || attempt == KvOutcome.Applied ? KvOutcome.Applied : before == attempt ? before : KvOutcome.Unknown;

    private T Read<T>(Answer answer, Call call, Func<Answer, T> read)
    {
        try
        {
            return read(answer);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or OverflowException)
        {
            throw new KvStoreException(
                $"{call.Method} {_address} was answered {(int)answer.Status} with what this version of the client cannot read. {exception.Message}",
                answer.Status, call.IsWrite ? KvOutcome.Applied : KvOutcome.NotApplied, exception);
        }
    }

    private async Task<Answer> AttemptAsync(Call call, TimeLimit limit, CancellationToken cancellationToken)
    {
        using var request = call.ToRequest(_address);
        if (_options.ApiKey is { } key)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        var time = limit.Shorter(_options.AttemptTimeout == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan : _options.AttemptTimeout + call.Wait);
        using var timeout = new CancellationTokenSource(time, _options.TimeProvider);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        if (call.Upload is { } upload)
            upload.Sent = () => timeout.CancelAfter(_options.AttemptTimeout);
        HttpResponseMessage? response = null;
        var answered = KvOutcome.NotApplied;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, attempt.Token).ConfigureAwait(false);
            if (!(response.IsSuccessStatusCode || (call.AllowsUnchanged && response.StatusCode == HttpStatusCode.NotModified)))
                throw await ReadFailureAsync(call, request, response, attempt.Token).ConfigureAwait(false);
            if (Answer.RevisionOf(response) is not { } revision || !(call.IsStream || Answer.HasKnownEnd(response)))
                throw Foreign(call, request, response);
            _hasAnswered = true;
            if (call.IsWrite)
                answered = KvOutcome.Applied;
            var answer = new Answer(response, revision, call.IsStream ? [] : await ReadBodyAsync(response, attempt.Token).ConfigureAwait(false));
            if (call.IsStream)
                response = null;
            return answer;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Lost($"{_address} did not answer completely within {time.TotalSeconds} seconds.", new TimeoutException(exception.Message, exception));
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new KvStoreException($"The answer of {_address} is larger than ResponseBytesMax, {_options.ResponseBytesMax} bytes.", response?.StatusCode, OutcomeSoFar(), exception);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw new KvStoreException($"Cannot connect to {_address}: {exception.Message}. Check that the service runs at this address.", null, OutcomeSoFar(), exception) { IsTransient = true, IsUnreachable = true };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Lost($"The connection to {_address} broke before its answer was complete: {exception.Message}", exception);
        }
        finally
        {
            if (call.Upload is not null)
                call.Upload.Sent = null;
            response?.Dispose();
        }

        KvStoreException Lost(string message, Exception inner) => new(message, response?.StatusCode, OutcomeSoFar(), inner) { IsTransient = true };

        KvOutcome OutcomeSoFar() => Combine(call.OutcomeWithoutAnswer(request), answered);
    }

    private async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(_options.ResponseBytesMax, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<KvStoreException> ReadFailureAsync(Call call, HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json" || !(Answer.HasKnownEnd(response) || call.Method == HttpMethod.Head))
            return Foreign(call, request, response);
        WireProblem? problem;
        try
        {
            problem = call.Method == HttpMethod.Head ? WireProblem.OfHead(response.StatusCode, Answer.RevisionOf(response)) : JsonSerializer.Deserialize(await ReadBodyAsync(response, cancellationToken).ConfigureAwait(false), Wire.Default.WireProblem);
        }
        catch (JsonException)
        {
            return Foreign(call, request, response);
        }

        if (problem is null || !problem.IsOfStatus(response.StatusCode))
            return Foreign(call, request, response);
        _hasAnswered = true;
        var failure = KvStoreException.Of(response, problem);
        if (!call.IsWrite)
            failure.Outcome = KvOutcome.NotApplied;
        return failure;
    }

    private KvStoreException Foreign(Call call, HttpRequestMessage request, HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var to = response.Headers.Location is { } location ? $" to {location}" : "";
        return new KvStoreException(
            $"{call.Method} {_address}{call.Target} was answered {status} {response.ReasonPhrase} ({response.Content.Headers.ContentType?.MediaType ?? "no content type"}){to}, but not by KvStore. "
            + "Check the address given to the client, and the proxies on the way to it.",
            response.StatusCode, call.OutcomeWithoutAnswer(request))
        {
            IsTransient = KvStoreException.IsTransientStatus(response.StatusCode),
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
    }

    /// <summary>The time limit of a call.</summary>
    private readonly struct TimeLimit(TimeSpan limit, TimeProvider time)
    {
        private readonly long _start = time.GetTimestamp();

        public TimeSpan Shorter(TimeSpan other)
        {
            if (limit == Timeout.InfiniteTimeSpan)
                return other;
            var left = limit - time.GetElapsedTime(_start);
            return left <= TimeSpan.Zero ? TimeSpan.Zero : other == Timeout.InfiniteTimeSpan || left < other ? left : other;
        }

        public bool IsReachedIn(TimeSpan delay) => limit != Timeout.InfiniteTimeSpan && time.GetElapsedTime(_start) + delay >= limit;
    }
}
