using System.Globalization;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>
/// A case as text, one step a line. Bytes are written as the characters of a C# string, so that they can be pasted into a test; 64 equal
/// bytes or more are written as <c>\{61*1000}</c>: the byte in hexadecimal, and how often. A first line has the numbers of the requests whose answers have
/// no body, because they are HEAD.
/// </summary>
internal static class CaseText
{
    private const int RunMin = 64;
    private const string Heads = "heads";

    public static string Format(FuzzCase fuzzCase)
    {
        var text = new StringBuilder();
        var heads = Enumerable.Range(0, fuzzCase.Requests.Count).Where(i => fuzzCase.Requests[i].IsHead).ToArray();
        if (heads.Length > 0)
            text.Append(Heads).Append(' ').AppendJoin(' ', heads).Append('\n');
        foreach (var step in fuzzCase.Steps)
        {
            text.Append(step.Kind.ToString().ToLowerInvariant());
            if (step.Number != 0)
                text.Append(CultureInfo.InvariantCulture, $" {step.Number}");
            if (step.Kind == StepKind.Send)
                Escape(text.Append(' '), step.Bytes.Span);
            text.Append('\n');
        }

        return text.ToString();
    }

    public static FuzzCase Parse(string text)
    {
        var steps = new List<Step>();
        FuzzRequest[] requests = [];
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var (name, rest) = space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
            if (name == Heads)
            {
                var heads = rest.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToHashSet();
                requests = [.. Enumerable.Range(0, heads.Max() + 2).Select(i => new FuzzRequest(null, default, IsHead: heads.Contains(i), ChangesRoute: true))];
                continue;
            }

            if (!Enum.TryParse<StepKind>(name, ignoreCase: true, out var kind))
                throw new FormatException($"Not a step: {line}");
            steps.Add(kind == StepKind.Send ? new Step(kind, Unescape(rest)) : new Step(kind, Number: rest.Length == 0 ? 0 : int.Parse(rest, CultureInfo.InvariantCulture)));
        }

        return new FuzzCase(0, "replay", steps, requests);
    }

    private static void Escape(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var run = bytes.IndexOfAnyExcept(bytes[0]);
            run = run < 0 ? bytes.Length : run;
            if (run >= RunMin)
            {
                text.Append(CultureInfo.InvariantCulture, $"\\{{{bytes[0]:x2}*{run}}}");
                bytes = bytes[run..];
                continue;
            }

            _ = bytes[0] switch
            {
                (byte)'\r' => text.Append("\\r"),
                (byte)'\n' => text.Append("\\n"),
                (byte)'"' => text.Append("\\\""),
                (byte)'\\' => text.Append("\\\\"),
                >= 0x20 and < 0x7F => text.Append((char)bytes[0]),
                _ => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)bytes[0]:x4}"),
            };
            bytes = bytes[1..];
        }
    }

    private static ReadOnlyMemory<byte> Unescape(string text)
    {
        var bytes = new MemoryStream();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                bytes.WriteByte((byte)text[i]);
                continue;
            }

            switch (text[++i])
            {
                case 'r':
                    bytes.WriteByte((byte)'\r');
                    break;
                case 'n':
                    bytes.WriteByte((byte)'\n');
                    break;
                case 'u':
                    bytes.WriteByte((byte)int.Parse(text.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    i += 4;
                    break;
                case '{':
                    var end = text.IndexOf('}', i);
                    var value = byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                    var run = new byte[int.Parse(text.AsSpan(i + 4, end - i - 4), CultureInfo.InvariantCulture)];
                    run.AsSpan().Fill(value);
                    bytes.Write(run);
                    i = end;
                    break;
                default:
                    bytes.WriteByte((byte)text[i]);
                    break;
            }
        }

        return bytes.ToArray();
    }
}
