using System.Text;

namespace KvStore.Tests;

public sealed class ReservedKeysTests
{
    [Theory]
    [InlineData(nameof(ReservedKind.Idempotency), "\0idempotency/\0any")]
    [InlineData(nameof(ReservedKind.Origin), "\0origin/a/b")]
    [InlineData(nameof(ReservedKind.Epoch), "\0epoch/name")]
    [InlineData(nameof(ReservedKind.Invalid), "\0invalid/name/a/..")]
    [InlineData(nameof(ReservedKind.Outbox), "\0outbox/a")]
    public void KindOf_KeyOfARecord_IsItsKind(string name, string text)
    {
        var (kind, key) = (Enum.Parse<ReservedKind>(name), Encoding.UTF8.GetBytes(text));
        Assert.Equal(kind, ReservedKeys.KindOf(key));
        Assert.Equal(key, ReservedKeys.Of(kind, ReservedKeys.RestOf(kind, key)).Utf8);
        Assert.False(KeyRange.IsUserKey(key));
        Assert.Equal(KeyProblem.ControlCharacter, Key.Check(key, 1024));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("origin/a")]
    [InlineData("\0origin/")]
    [InlineData("\0origin/a\0")]
    [InlineData("\0origin/a/..")]
    [InlineData("\0Origin/a")]
    [InlineData("\0other/a")]
    [InlineData("\u0001origin/a")]
    public void KindOf_OtherKey_IsNone(string text) => Assert.Equal(ReservedKind.None, ReservedKeys.KindOf(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void KindOf_LongIdempotencyKey_IsNone() => Assert.Equal(ReservedKind.None, ReservedKeys.KindOf([.. ReservedKeys.PrefixOf(ReservedKind.Idempotency), .. new byte[129]]));

    [Fact]
    public void RangeOf_Prefix_HasItsRecordsAlone()
    {
        var range = ReservedKeys.RangeOf(ReservedKind.Invalid, "a/"u8);
        Assert.True(range.From.Span.SequenceCompareTo(ReservedKeys.Of(ReservedKind.Invalid, "a/x"u8).Utf8) < 0);
        Assert.True(range.To.Span.SequenceCompareTo(ReservedKeys.Of(ReservedKind.Invalid, "a0"u8).Utf8) <= 0);
        Assert.True(range.From.Span.SequenceCompareTo(ReservedKeys.Of(ReservedKind.Epoch, "a/x"u8).Utf8) > 0);
    }
}
