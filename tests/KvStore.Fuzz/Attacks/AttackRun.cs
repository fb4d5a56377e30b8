namespace KvStore.Fuzz;

/// <summary>Runs attacks, each against a process of its own, beside a well-behaved client.</summary>
internal static class AttackRun
{
    private const double NormalPairsPerSecond = 100;

    // For connections that have just been closed to be noticed, and for a process that is out of memory to end.
    private static readonly TimeSpan AfterTime = TimeSpan.FromMilliseconds(300);

    // The first requests of a new process wait for the just-in-time compiler, which is not the attack's doing.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    public static readonly Attack[] All =
    [
        new MoveAttack(), new LifetimeAttack(), new MergePatchAttack(), new AnnouncedBodyAttack(), new SilentWatchAttack(),
        new OldRevisionAttack(), new CursorAttack(), new LongPollAttack(), new ExportAttack(), new HistoryWalkAttack(),
        new IdempotencyAttack(), new UnreadAnswerAttack(), new ClosedWindowAttack(), new DescriptorAttack(), new IdleConnectionAttack(),
        new DescriptionAttack(), new RapidResetAttack(),
    ];

    public static async Task<AttackResult> RunAsync(Attack attack, IReadOnlyList<string> program, TimeSpan time)
    {
        await using var service = await ServiceProcess.StartAsync(new ServiceStart(program) { DescriptorsMax = attack.DescriptorsMax, Settings = attack.Settings });
        using var attacker = new Attacker(service, time);
        await attack.PrepareAsync(attacker);
        await using var client = new NormalClient(service.EndPoint, NormalPairsPerSecond);
        await Task.Delay(Settling);
        client.StartOver();
        await using var watchdog = new Watchdog(service, client, attack.Limits);
        attacker.Begin();
        var attacking = attack.RunAsync(attacker);
        while (!attacking.IsCompleted && watchdog.Violation is null)
            await Task.WhenAny(attacking, Task.Delay(100));
        var seconds = watchdog.Elapsed.TotalSeconds;
        attacker.Stop();
        await attacking;
        await Task.Delay(AfterTime);
        watchdog.Sample();
        var fault = watchdog.Violation
            ?? (attacker.Statuses.GetValueOrDefault(500) > 0 ? "the attacker was answered 500" : null)
            ?? (service.SevereLines > 0 ? $"{service.SevereLines} lines at levels that operators alert on, such as: {service.SevereLine}" : null)
            ?? await attack.CheckAsync(attacker);
        return new AttackResult(attack.Name, attack.Input, seconds, fault)
        {
            SentBytes = attacker.SentBytes,
            PeakBytes = watchdog.PeakBytes,
            ProcessorSeconds = watchdog.ProcessorTime.TotalSeconds,
            WrittenBytes = watchdog.WrittenBytes,
            OutputBytes = watchdog.OutputBytes,
            PutMilliseconds = AttackResult.Times(client.Puts),
            GetMilliseconds = AttackResult.Times(client.Gets),
            Statuses = new(client.Statuses.ToDictionary()),
            AttackerStatuses = new(attacker.Statuses.ToDictionary()),
        };
    }
}
