using System.Runtime.InteropServices;

namespace KvStore.Cli;

/// <summary>Runs a command: with the signals that end it, and with one place that turns exceptions into a message and an exit code.</summary>
internal static class CommandRunner
{
    /// <summary>Sets what a command does.</summary>
    public static void Run(this Command command, Func<Session, CancellationToken, Task<ExitCode>> action) =>
        command.SetAction(async (arguments, _) => (int)await RunAsync(arguments, action));

    private static async Task<ExitCode> RunAsync(ParseResult arguments, Func<Session, CancellationToken, Task<ExitCode>> action)
    {
        using var ending = new CancellationTokenSource();
        var signal = ExitCode.Interrupted;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, ExitCode.Interrupted));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, ExitCode.Terminated));
        using var session = new Session(arguments);
        try
        {
            var code = await action(session, ending.Token);
            session.Out.Flush();
            return ending.IsCancellationRequested && code == ExitCode.Interrupted ? signal : code;
        }
        catch (ClosedOutputException)
        {
            return ExitCode.OutputClosed;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return Report(session, "Interrupted.", signal);
        }
        catch (KvStoreException failure)
        {
            return Report(session, Failures.TextOf(failure, session.Destination), Failures.CodeOf(failure));
        }
        catch (KvFailure failure)
        {
            return Report(session, failure.Message, failure.Code);
        }
        catch (ArgumentException exception) when (exception.ParamName is not null)
        {
            return Report(session, $"{exception.ParamName}: {exception.Message.Split(" (Parameter ")[0]}", ExitCode.Usage);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Report(session, exception.Message, ExitCode.Usage);
        }

        // The first signal asks; the second ends the process as if there were no handler.
        void End(PosixSignalContext context, ExitCode code)
        {
            context.Cancel = !ending.IsCancellationRequested;
            signal = code;
            ending.Cancel();
        }
    }

    // What the command has printed before comes first.
    private static ExitCode Report(Session session, string message, ExitCode code)
    {
        try
        {
            session.Out.Flush();
            session.Say(message);
        }
        catch (ClosedOutputException)
        {
            return code;
        }

        return code;
    }
}
