namespace KvStore.Etcd.Tests;

public sealed class ExceptionTests
{
    [Fact]
    public void IsNotExecuted_WhatMayHaveBeenExecuted_IsFalse()
    {
        Assert.False(new EtcdException(EtcdFailure.NoSpace, "").IsNotExecuted);
        Assert.False(new EtcdException(EtcdFailure.Unknown, "").IsNotExecuted);
        Assert.True(new EtcdException(EtcdFailure.NotSent, "").IsNotExecuted);
    }
}
