namespace KvStore.Testing;

/// <summary>The place where replicas of one store keep their commits, with the faults that <see cref="RemoteLogContract"/> puts into it.</summary>
public interface ILogPlace : IAsyncDisposable
{
    /// <summary>Opens a log on it, for one more replica. The suite disposes of it.</summary>
    ICommitLog Open();

    /// <summary>From now on, nothing from any replica arrives, and nothing that has arrived is answered.</summary>
    void CutOff();

    /// <summary>From now on, what is written arrives, and no replica hears of it: commits are not delivered, by whatever way.</summary>
    void Silence();

    /// <summary>Ends all of that.</summary>
    void Restore();

    /// <summary>Lets time pass for the logs, if they have a clock of their own.</summary>
    void Advance(TimeSpan time);

    /// <summary>Writes what no log can follow.</summary>
    void Spoil();
}
