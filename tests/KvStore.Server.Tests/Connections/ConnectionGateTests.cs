namespace KvStore.Server.Tests;

public sealed class ConnectionGateTests
{
    private static readonly AddressKey One = new(false, 1);
    private static readonly AddressKey Other = new(false, 2);

    [Fact]
    public void TryEnter_OneAddress_LeavesRestToOthers()
    {
        var gate = new ConnectionGate(4, 3, memory: null);
        for (var i = 0; i < 3; i++)
            Assert.Equal(Admission.Admitted, gate.TryEnter(One));
        Assert.Equal(Admission.TooManyOfAddress, gate.TryEnter(One));
        Assert.Equal(Admission.Admitted, gate.TryEnter(Other));
        Assert.Equal(Admission.TooMany, gate.TryEnter(Other));
        Assert.Equal((4, 1, 1), (gate.Open, gate.Refused, gate.RefusedPerAddress));

        gate.Leave(One);
        Assert.Equal(Admission.Admitted, gate.TryEnter(One));
        gate.Leave(Other);
        Assert.Equal(Admission.TooManyOfAddress, gate.TryEnter(One));
    }

    [Fact]
    public void TryEnter_NoMemory_LeavesNothingCharged()
    {
        var memory = new MemoryAccount("connections", (2 * ConnectionLimits.ConnectionBytes) + 1);
        var gate = new ConnectionGate(4, 3, memory);
        Assert.Equal(Admission.Admitted, gate.TryEnter(One));
        Assert.Equal(Admission.Admitted, gate.TryEnter(null));
        Assert.Equal(Admission.NoMemory, gate.TryEnter(Other));
        Assert.Equal((2, 1, 1), (gate.Open, gate.Refused, memory.Refusals));
        gate.Leave(One);
        gate.Leave(null);
        Assert.Equal((0, 0), (gate.Open, memory.Bytes));
    }

    [Fact]
    public void TryEnter_NoAddress_IsExemptFromShare()
    {
        var gate = new ConnectionGate(2, 1, memory: null);
        Assert.Equal(Admission.Admitted, gate.TryEnter(null));
        Assert.Equal(Admission.Admitted, gate.TryEnter(null));
        Assert.Equal(Admission.TooMany, gate.TryEnter(null));
        gate.Leave(null);
        gate.Leave(null);
        Assert.Equal(0, gate.Open);
    }

    [Fact]
    public async Task TryEnter_FromManyThreads_CountsExactly()
    {
        var gate = new ConnectionGate(8, 3, memory: null);
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            var key = new AddressKey(true, (ulong)thread % 3);
            for (var i = 0; i < 10_000; i++)
            {
                if (gate.TryEnter(key) != Admission.Admitted)
                    continue;
                most = Math.Max(most, gate.Open);
                gate.Leave(key);
            }
        })));

        Assert.InRange(most, 1, 8);
        Assert.Equal(0, gate.Open);
        for (var i = 0; i < 3; i++)
            Assert.Equal(Admission.Admitted, gate.TryEnter(new AddressKey(true, 0)));
        Assert.Equal(Admission.TooManyOfAddress, gate.TryEnter(new AddressKey(true, 0)));
    }
}
