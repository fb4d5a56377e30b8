using System.Net;
using System.Net.Sockets;

namespace KvStore.Fuzz;

/// <summary>Carries out cases one after the other and says what was wrong with the answers. Keeps its connection as long as cases leave it usable.</summary>
internal sealed class CaseRunner(IPEndPoint endPoint, IPAddress source, Contract contract, HeldConnections held, TimeSpan answerMax) : IDisposable
{
    // How long an answer may take to a request that may be incomplete; after that, the end of sending makes it complete.
    private static readonly TimeSpan RestMax = TimeSpan.FromMilliseconds(25);

    private const int FrameBytesMax = 1 << 20;

    // What is expected of a request that is known only as bytes: anything that the service documents at all.
    private static readonly FuzzRequest Replayed = new(null, default, ChangesRoute: true, BreaksHttp: true);

    private WireConnection? _connection;
    private CancellationTokenSource _timeout = new();

    /// <summary>Answers by status; those of the last case that was run are included.</summary>
    public Dictionary<int, long> Statuses { get; } = [];

    /// <summary>The answers of the last case.</summary>
    public List<Answer> Answers { get; } = [];

    /// <returns>What is wrong; null if nothing is.</returns>
    public async ValueTask<string?> RunAsync(FuzzCase fuzzCase)
    {
        Answers.Clear();
        if (_connection is { HasSomethingToRead: true })
            Close();
        var sending = Task.CompletedTask;
        try
        {
            _connection ??= await WireConnection.OpenAsync(endPoint, source, cancellationToken: Deadline(answerMax));
            foreach (var step in fuzzCase.Steps)
            {
                var fault = await RunAsync(step);
                if (fault is not null)
                    Close();
                if (fault is not null || _connection is null)
                    return fault;
            }

            return null;
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            Close();
            if (fuzzCase.Requests.Any(request => request.Waits))
                return null;
            return $"no answer, and no end of the connection, within {answerMax.TotalSeconds} s, {Progress()}";
        }
        catch (InvalidDataException exception)
        {
            Close();
            return $"an answer that is not HTTP: {exception.Message}";
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            Close();

            // A service that has refused a request closes the connection while what follows is still being sent.
            var excused = fuzzCase.Steps.Count(step => step.Kind == StepKind.Send) > 1 || Answers.Exists(answer => answer.Closes) || fuzzCase.Requests.Any(request => request.BreaksHttp) || fuzzCase.Requests.Count == 0
                || fuzzCase.Requests.Skip(Answers.Count).Any(MayBeCutOff);
            return excused ? null : $"the connection broke {Progress()}: {exception.Message}";
        }

        string Progress() => $"after {Answers.Count} of {fuzzCase.Requests.Count} answers";

        async ValueTask<string?> RunAsync(Step step)
        {
            switch (step.Kind)
            {
                case StepKind.Send or StepKind.Pause:
                    // The service stops reading while answers are not taken, so all of the sending goes beside reading.
                    sending = SendAsync(_connection!, sending, step, Deadline(answerMax));
                    return null;
                case StepKind.Answers:
                    var fault = await ReadAnswersAsync(fuzzCase, step.Number);
                    if (_connection is not null)
                        await sending.WaitAsync(answerMax);
                    return fault;
                case StepKind.Head:
                    await sending;
                    Count(await _connection!.ReadHeadAsync(Deadline(answerMax)));
                    return null;
                case StepKind.Rest:
                    return await ReadRestAsync(fuzzCase, sending);
                case StepKind.Frames:
                    await sending;
                    return await ReadFramesAsync(step.Number);
                case StepKind.End:
                    await sending;
                    _connection!.EndSending();
                    return null;
                case StepKind.Reset:
                    await sending;
                    _connection!.Reset();
                    _connection = null;
                    return null;
                default:
                    held.Add(_connection!, sending);
                    _connection = null;
                    return null;
            }
        }
    }

    public void Dispose()
    {
        Close();
        _timeout.Dispose();
    }

    private static async Task SendAsync(WireConnection connection, Task before, Step step, CancellationToken cancellationToken)
    {
        await before;
        if (step.Kind == StepKind.Pause)
            await Task.Delay(step.Number, cancellationToken);
        else
            await connection.SendAsync(step.Bytes, cancellationToken);
    }

    private async ValueTask<string?> ReadAnswersAsync(FuzzCase fuzzCase, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var request = Answers.Count < fuzzCase.Requests.Count ? fuzzCase.Requests[Answers.Count] : null;
            var answer = await _connection!.ReadAsync(request is { IsHead: true }, Deadline(answerMax));
            if (answer is null)
            {
                Close();
                return Answers is [.., { Closes: true }] ? null : "the connection was closed without an answer";
            }

            Count(answer.Status);
            Answers.Add(answer);
            if (request is not null && FaultOf(request, answer) is { } fault)
                return fault;
            if (answer.Closes)
            {
                Close();
                return null;
            }
        }

        return null;
    }

    private async ValueTask<string?> ReadRestAsync(FuzzCase fuzzCase, Task sending)
    {
        var last = fuzzCase.Requests.Count > 0 ? fuzzCase.Requests[^1] : Replayed;
        for (var isEnded = false; ;)
        {
            // A damaged HEAD may be answered as another method, with a body; and what follows it cannot be told apart.
            var request = Answers.Count < fuzzCase.Requests.Count ? fuzzCase.Requests[Answers.Count] : last;
            if (request is { IsHead: true, BreaksHttp: true })
            {
                Close();
                return null;
            }

            while (!isEnded && !await _connection!.WaitForBytesAsync(RestMax))
            {
                if (!sending.IsCompleted)
                    continue;
                _connection.EndSending();
                isEnded = true;
            }

            var answer = await _connection!.ReadAsync(request.IsHead, Deadline(answerMax));
            if (answer is null)
            {
                Close();
                return null;
            }

            Count(answer.Status);
            Answers.Add(answer);
            if (FaultOf(request, answer) is { } fault)
                return fault;
        }
    }

    private async ValueTask<string?> ReadFramesAsync(int milliseconds)
    {
        var frames = new Http2Answers();
        var buffer = new byte[16 * 1024];
        try
        {
            for (var received = 0; received < FrameBytesMax;)
            {
                var count = await _connection!.ReceiveAsync(buffer, Deadline(TimeSpan.FromMilliseconds(milliseconds)));
                if (count == 0)
                    break;
                received += count;
                frames.Add(buffer.AsSpan(0, count));
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing more for now; the service may rightly wait for the rest of a frame.
        }
        finally
        {
            Close();
        }

        foreach (var status in frames.Statuses)
            Count(status);
        return frames.Fault ?? (frames.Statuses.Contains(500) ? "answered with 500" : null);
    }

    private string? FaultOf(FuzzRequest request, Answer answer) =>
        !contract.Allows(request, answer.Status) ? $"{answer.Status} is not documented for {request.Route?.Method} {request.Route?.Path}: {answer}"
        : answer.Status >= 400 && !request.IsHead && answer.ProblemFault() is { } fault ? $"{fault}: {answer}"
        : answer is { Status: 429 or 503, RetryAfterSeconds: null or < 1 } && !request.BreaksHttp ? $"no Retry-After: {answer}"
        : request.Check?.Invoke(answer);

    // An export ends so when the snapshot that it retains takes too much memory, and with the connection end answers before it that were not taken yet.
    private static bool MayBeCutOff(FuzzRequest request) => request.Route is { Path: "/v1/export" };

    private void Count(int status) => Statuses[status] = Statuses.GetValueOrDefault(status) + 1;

    private CancellationToken Deadline(TimeSpan time)
    {
        if (!_timeout.TryReset())
        {
            _timeout.Dispose();
            _timeout = new CancellationTokenSource();
        }

        _timeout.CancelAfter(time);
        return _timeout.Token;
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
