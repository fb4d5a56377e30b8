namespace KvStore.SystemTests;

/// <summary>Short ways to write histories down.</summary>
internal static class Histories
{
    public const int A = 0;
    public const int B = 1;

    public static Condition IfExists => new(ConditionKind.Exists);

    public static Condition IfAbsent => new(ConditionKind.Absent);

    public static Condition IfRevision(long revision) => new(ConditionKind.RevisionIs, revision);

    public static Condition IfRevisionIsNot(long revision) => new(ConditionKind.RevisionIsNot, revision);

    public static Answer Created(long revision) => new(201, revision) { EntryRevision = revision };

    public static Answer Replaced(long revision) => new(204, revision) { EntryRevision = revision };

    public static Answer Deleted(long revision) => new(204, revision);

    public static Answer Found(string value, long revision) => new(200, revision) { Value = value, EntryRevision = revision };

    public static Answer NotFound(long revision) => new(404, revision);

    public static Answer Refused(long revision, long? current) => new(412, revision) { EntryRevision = current };

    public static Answer Counted(long number, long revision) => new(200, revision) { Value = $"{number}" };

    public static Answer NoNumber(long revision) => new(409, revision);

    public static Answer Listed(long revision, params Register[] registers) => new(200, revision) { Registers = [.. registers] };

    public static Transaction Do(params Step[] steps) => new([], [.. steps]);

    public static Transaction DoIf(TransactionGuard[] guards, params Step[] steps) => new([.. guards], [.. steps]);

    public static Answer Carried(long revision, params StepResult[] results) => new(200, revision) { Results = [.. results] };

    public static Answer GuardsFailed(long revision, params FailedGuard[] failed) => new(412, revision) { Failed = [.. failed] };

    /// <summary>An operation of a client of its own.</summary>
    public static Operation Done(long from, long to, Call call, Answer answer) => new(0, call, from, to, answer);

    public static Operation Lost(long from, Call call) => new(0, call, from, Operation.Never, null);
}
