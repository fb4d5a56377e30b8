using System.Buffers;

namespace KvStore.Cli;

/// <summary>Words for a shell.</summary>
internal static class Quoting
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("%+,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");

    /// <summary>The word as a shell reads it back.</summary>
    public static string Quote(string word) => word.Length > 0 && !word.AsSpan().ContainsAnyExcept(Plain) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
