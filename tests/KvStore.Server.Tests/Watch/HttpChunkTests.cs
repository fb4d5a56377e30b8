using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Chunks that are made once for many connections.</summary>
public sealed class HttpChunkTests
{
    [Theory]
    [InlineData(1, "1")]
    [InlineData(15, "f")]
    [InlineData(16, "10")]
    [InlineData(70_000, "11170")]
    public void Of_Content_IsSizeContentAndLineEnds(int length, string size)
    {
        // With line ends of its own.
        var content = string.Concat(Enumerable.Repeat("a\r\n\n", length))[..length];
        var chunk = HttpChunk.Of(Encoding.ASCII.GetBytes(content));
        Assert.Equal($"{size}\r\n{content}\r\n", Encoding.ASCII.GetString(chunk));
        Assert.Equal(content, Encoding.ASCII.GetString(HttpChunk.ContentOf(chunk).Span));
    }

    // A chunk without content would end the answer.
    [Fact]
    public void Of_NoContent_IsNothing()
    {
        Assert.Empty(HttpChunk.Of([]));
        Assert.True(HttpChunk.ContentOf(HttpChunk.Of([])).IsEmpty);
    }
}
