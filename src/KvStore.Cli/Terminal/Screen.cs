using System.Runtime.InteropServices;

namespace KvStore.Cli;

/// <summary>What standard input, output and error are connected to.</summary>
internal static partial class Screen
{
    private const nuint GetWindowSize = 0x5413;

    private const int WidthMin = 20;
    private const int WidthDefault = 80;

    /// <summary>Whether a person can answer a question.</summary>
    public static bool CanAsk => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    public static Output NewOutput(string? color) => New(DescriptorStream.StandardOutput, Console.IsOutputRedirected, color);

    public static Output NewError(string? color) => New(DescriptorStream.StandardError, Console.IsErrorRedirected, color);

    /// <summary>Asks a question, whose answer is no unless it begins with y.</summary>
    public static async Task<bool> ConfirmAsync(Output error, string question, CancellationToken cancellationToken)
    {
        error.Write(question + " [y/N] ");
        error.Flush();
        var answer = await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancellationToken);
        return answer?.TrimStart().StartsWith("y", StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <summary>Reads a line that does not appear on the screen; from a pipe without a prompt.</summary>
    public static async Task<string> ReadSecretAsync(Output error, string prompt, CancellationToken cancellationToken) =>
        (Console.IsInputRedirected ? await Console.In.ReadLineAsync(cancellationToken) ?? "" : await Task.Run(() => ReadSecret(error, prompt), CancellationToken.None).WaitAsync(cancellationToken)).Trim();

    private static string ReadSecret(Output error, string prompt)
    {
        error.Write(prompt);
        error.Flush();
        var secret = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                secret.Length = Math.Max(0, secret.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                secret.Append(key.KeyChar);
        }

        error.Line();
        error.Flush();
        return secret.ToString();
    }

    // https://no-color.org: any value but an empty one.
    private static Output New(int descriptor, bool isRedirected, string? color)
    {
        var wantsColor = color switch
        {
            "always" => true,
            "never" => false,
            _ => !isRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb",
        };
        return new Output(new DescriptorStream(descriptor), !isRedirected, wantsColor, isRedirected ? int.MaxValue : Columns());
    }

    private static int Columns()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0)
            return Math.Max(WidthMin, given);

        // The console of .NET would also switch the keypad of the terminal to another mode.
        foreach (var descriptor in (ReadOnlySpan<int>)[DescriptorStream.StandardOutput, DescriptorStream.StandardError])
        {
            if (Control(descriptor, GetWindowSize, out var size) == 0 && size.Columns > 0)
                return Math.Max(WidthMin, (int)size.Columns);
        }

        return WidthDefault;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int descriptor, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsWide;
        public ushort PixelsHigh;
    }
}
