using System.Text;

namespace KvStore.Tests;

/// <summary>Which operations of a transaction write the same key.</summary>
public sealed class RepeatedKeyTests
{
    // Up to 32 operations are searched in another way than more.
    [Theory]
    [InlineData(2)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(100)]
    public void TryFindRepeatedKey_AnyTwoOperations_NamesThem(int count)
    {
        var random = new Random(count);
        for (var round = 0; round < 50; round++)
        {
            var operations = Distinct(count, isAscending: round % 2 == 0);
            Assert.False(Transaction.TryFindRepeatedKey(operations, out _, out _));
            var second = random.Next(1, count);
            var first = random.Next(second);
            operations[second] = round % 3 == 0 ? Some.Delete(Text(operations[first])) : Some.Put(Text(operations[first]));
            Assert.True(Transaction.TryFindRepeatedKey(operations, out var one, out var other));
            Assert.Equal((first, second), (one, other));
            Assert.Throws<ArgumentException>(() => Some.Transaction(operations));
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void TryFindRepeatedKey_Moves_CountBothKeys(int count)
    {
        var operations = Distinct(count, isAscending: true);
        operations[1] = new Move(Some.Key("x"), Some.Key("y"));
        Assert.False(Transaction.TryFindRepeatedKey(operations, out _, out _));
        foreach (var written in new[] { "x", "y" })
        {
            operations[2] = Some.Put(written);
            Assert.True(Transaction.TryFindRepeatedKey(operations, out var first, out var second));
            Assert.Equal((1, 2), (first, second));
            operations[2] = new Move(Some.Key("z"), Some.Key(written));
            Assert.True(Transaction.TryFindRepeatedKey(operations, out first, out second));
            Assert.Equal((1, 2), (first, second));
        }

        operations[2] = new Move(Some.Key("z"), Some.Key("zz"));
        Assert.False(Transaction.TryFindRepeatedKey(operations, out _, out _));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void TryFindRepeatedKey_Reads_DoNotCount(int count)
    {
        var operations = Distinct(count, isAscending: true);
        operations[1] = new Get(operations[0].Key);
        operations[2] = new Get(operations[0].Key);
        Assert.False(Transaction.TryFindRepeatedKey(operations, out _, out _));
        operations[0] = new Get(operations[0].Key);
        operations[2] = Some.Put(Text(operations[0]));
        Assert.False(Transaction.TryFindRepeatedKey(operations, out _, out _));
    }

    // Hashes differ from process to process, so the keys have to be searched for.
    [Fact]
    public void TryFindRepeatedKey_KeysOfSameHash_AreDifferent()
    {
        var keys = new Dictionary<int, Key>();
        for (var i = 0; ; i++)
        {
            var key = Some.Key("key-" + i);
            if (keys.TryAdd(key.GetHashCode(), key))
                continue;
            var other = keys[key.GetHashCode()];
            Operation[] operations = [new Delete(Some.Key("z")), new Delete(key), new Delete(other)];
            Assert.False(Transaction.TryFindRepeatedKey(operations, out _, out _));
            operations[0] = new Delete(other);
            Assert.True(Transaction.TryFindRepeatedKey(operations, out var first, out var second));
            Assert.Equal((0, 2), (first, second));
            return;
        }
    }

    private static Operation[] Distinct(int count, bool isAscending)
    {
        var operations = Enumerable.Range(0, count).Select(i => (Operation)Some.Put($"key-{i:D5}")).ToArray();
        if (!isAscending)
            Array.Reverse(operations);
        return operations;
    }

    private static string Text(Operation operation) => Encoding.UTF8.GetString(operation.Key.Utf8);
}
