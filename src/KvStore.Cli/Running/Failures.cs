using System.Net;

namespace KvStore.Cli;

/// <summary>What a failed call means for a person, and for a script.</summary>
internal static class Failures
{
    public static ExitCode CodeOf(KvStoreException failure) => failure switch
    {
        { Outcome: KvOutcome.Unknown or KvOutcome.Applied } => ExitCode.Unknown,
        KvPreconditionFailedException => ExitCode.No,
        { StatusCode: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, Problem.Length: > 0 } => ExitCode.NotAllowed,
        { Problem.Length: 0 } => ExitCode.Unreachable,
        { StatusCode: HttpStatusCode.NotFound } => ExitCode.No,
        { StatusCode: HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity } => ExitCode.Usage,
        _ => ExitCode.Failed,
    };

    /// <summary>The message, with what to do about the address or the key if that is the cause.</summary>
    public static string TextOf(KvStoreException failure, Destination destination) => failure switch
    {
        KvPreconditionFailedException { Failed.Count: > 0 } guards => "Nothing was changed, because guards failed: " + string.Join("; ", guards.Failed.Select(TextOf)) + ".",
        KvPreconditionFailedException { CurrentRevision: { } current } => $"Nothing was changed, because the condition failed: the entry is at revision {current.Number}. Read it and decide again.",
        KvPreconditionFailedException => "Nothing was changed, because the condition failed: there is no such entry.",
        _ when CodeOf(failure) == ExitCode.Unreachable => $"{failure.Message} The address comes from {destination.Source}.",
        { StatusCode: HttpStatusCode.Unauthorized } when destination.Key is null => "The service wants a key, and none was given. Set KVSTORE_KEY, give --key-file FILE, or add a profile with a key: kv profile add NAME URL --key-file FILE",
        { StatusCode: HttpStatusCode.Unauthorized } => "The service does not accept the key: it is wrong, was removed, or has expired.",
        _ => failure.Message,
    };

    private static string TextOf(KvFailedGuard guard) => guard.Revision is { } revision ? $"{Visible.Line(guard.Key)} is at revision {revision.Number}" : $"{Visible.Line(guard.Key)} has no entry";
}
