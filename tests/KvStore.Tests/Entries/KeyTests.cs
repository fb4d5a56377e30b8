using System.Text;

namespace KvStore.Tests;

public class KeyTests
{
    private const int BytesMax = 1024;

    [Theory]
    [InlineData("a")]
    [InlineData("user/42/name")]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("a//b/")]
    [InlineData(" ")]
    [InlineData("+%2F%25")]
    [InlineData("~")]
    [InlineData("...")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("..a/a..")]
    [InlineData("a/.../b")]
    [InlineData(". /.. ")]
    [InlineData("\u00A0")]
    [InlineData("\u00C2\u0400")]
    [InlineData("\u0400")]
    [InlineData("\u0480")]
    [InlineData("\u2028\uFEFF\uFFFF")]
    [InlineData("\U0001F600")]
    [InlineData("\U0010FFFF")]
    [InlineData("\uFFFD")]
    public void TryCreate_ValidText_RoundTrips(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);

        Assert.Equal(KeyProblem.None, Key.TryCreate(bytes, BytesMax, out var key));

        Assert.Equal(bytes, key.Utf8.ToArray());
        Assert.Equal(bytes.Length, key.Length);
        Assert.Equal(text, key.ToString());
        Assert.Equal(key, Key.Parse(text));
    }

    [Theory]
    [InlineData(1, KeyProblem.None)]
    [InlineData(1023, KeyProblem.None)]
    [InlineData(1024, KeyProblem.None)]
    [InlineData(1025, KeyProblem.TooLong)]
    [InlineData(0, KeyProblem.Empty)]
    public void Check_Length_CountsBytes(int length, KeyProblem expected) =>
        Assert.Equal(expected, Key.Check(new string('k', length).Select(c => (byte)c).ToArray(), BytesMax));

    [Fact]
    public void Check_TwoByteCharacters_CountsBytes()
    {
        Assert.Equal(KeyProblem.None, Key.Check(Some.Bytes(new string('é', 512)), BytesMax));
        Assert.Equal(KeyProblem.TooLong, Key.Check(Some.Bytes(new string('é', 512) + "a"), BytesMax));
    }

    [Theory]
    [InlineData("80", "a continuation without a start")]
    [InlineData("BF", "a continuation without a start")]
    [InlineData("61C3", "cut after the first of two")]
    [InlineData("C328", "a start followed by ASCII")]
    [InlineData("E282", "cut after the second of three")]
    [InlineData("E28261", "ASCII in the place of the third of three")]
    [InlineData("F09F98", "cut after the third of four")]
    [InlineData("C080", "overlong NUL")]
    [InlineData("C0AF", "overlong slash")]
    [InlineData("C1BF", "overlong two bytes")]
    [InlineData("E0809F", "overlong three bytes")]
    [InlineData("E09F80", "overlong three bytes, last")]
    [InlineData("F08080AF", "overlong four bytes")]
    [InlineData("F08FBFBF", "overlong four bytes, last")]
    [InlineData("EDA080", "high surrogate")]
    [InlineData("EDBFBF", "low surrogate")]
    [InlineData("EDA0BDEDB880", "a surrogate pair, each encoded")]
    [InlineData("F4908080", "above U+10FFFF")]
    [InlineData("F5808080", "a start that never occurs")]
    [InlineData("F888808080", "five bytes")]
    [InlineData("FC8480808080", "six bytes")]
    [InlineData("FE", "never occurs")]
    [InlineData("FF", "never occurs")]
    [InlineData("6180", "a continuation after ASCII")]
    [InlineData("C3A9A9", "one continuation too many")]
    [InlineData("C2", "the start of a control character, cut")]
    public void TryCreate_InvalidUtf8_IsNull(string hex, string why)
    {
        Assert.True(KeyProblem.InvalidUtf8 == Key.TryCreate(Convert.FromHexString(hex), BytesMax, out var key), why);
        Assert.Equal(default, key);
    }

    [Fact]
    public void Check_EveryBasicCharacter_RejectsOnlyControls()
    {
        for (var rune = new Rune(0); rune.Value < 0xFFFF; rune = new Rune(rune.Value == 0xD7FF ? 0xE000 : rune.Value + 1))
        {
            var expected = Rune.IsControl(rune) ? KeyProblem.ControlCharacter : KeyProblem.None;
            Assert.True(expected == Key.Check(Some.Bytes($"k{rune}k"), BytesMax), $"U+{rune.Value:X4}");
        }
    }

    [Theory]
    [InlineData("\u00A0\u00C0\u0085")]
    [InlineData("\u00C2\u009F")]
    [InlineData("a\u007F")]
    [InlineData("\u0001a")]
    public void Check_ControlCharacterAfterLookalikes_IsRejected(string text) =>
        Assert.Equal(KeyProblem.ControlCharacter, Key.Check(Some.Bytes(text), BytesMax));

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("./a")]
    [InlineData("../a")]
    [InlineData("a/.")]
    [InlineData("a/..")]
    [InlineData("a/./b")]
    [InlineData("a/../b")]
    [InlineData("/.")]
    [InlineData("/../")]
    [InlineData("a.b/.../..")]
    public void Check_DotSegment_IsRejected(string text) =>
        Assert.Equal(KeyProblem.DotSegment, Key.Check(Some.Bytes(text), BytesMax));

    [Fact]
    public void TryCreate_BufferReused_KeepsBytes()
    {
        var buffer = Some.Bytes("mine");
        Key.TryCreate(buffer, BytesMax, out var key);
        buffer.AsSpan().Fill((byte)'x');

        Assert.Equal("mine", key.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/..")]
    [InlineData("\u0000")]
    public void Parse_InvalidKey_Throws(string text) => Assert.ThrowsAny<ArgumentException>(() => Key.Parse(text));

    [Fact]
    public void Parse_HalfSurrogatePair_Throws() =>
        Assert.ThrowsAny<ArgumentException>(() => Key.Parse("a" + (char)0xD800));

    [Fact]
    public void CompareTo_SupplementaryPlane_OrdersByBytes()
    {
        string[] texts = ["A", "a", "a ", "a/", "aa", "b", "é", "\u0400", "\uFB01", "\uFFFD", "\U0001F600"];
        var keys = texts.Select(Key.Parse).ToArray();

        for (var i = 0; i < keys.Length; i++)
        {
            for (var j = 0; j < keys.Length; j++)
            {
                Assert.Equal(i.CompareTo(j), Math.Sign(keys[i].CompareTo(keys[j])));
                Assert.Equal(i == j, keys[i] == keys[j]);
                Assert.Equal(i != j, keys[i] != keys[j]);
            }
        }
    }

    [Fact]
    public void Equals_SameBytesInOtherArrays_AreEqualWithEqualHashCodes()
    {
        Assert.Equal(Key.Parse("same"), Key.Parse("same"));
        Assert.Equal(Key.Parse("same").GetHashCode(), Key.Parse("same").GetHashCode());
        Assert.False(Key.Parse("same").Equals((object?)"same"));
        Assert.Equal(0, default(Key).Length);
    }
}
