namespace KvStore.Cli;

/// <summary>The profiles of the user: <c>$XDG_CONFIG_HOME/kvstore/profiles.json</c>, which only the user can read, because it has keys.</summary>
internal static class ProfileFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Its path. A relative XDG_CONFIG_HOME is invalid and ignored, as the XDG specification says.</summary>
    public static string Location => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { } directory && Path.IsPathRooted(directory) ? directory : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "kvstore", "profiles.json");

    /// <summary>Whether others than the user can read the file.</summary>
    public static bool IsOpenToOthers => File.Exists(Location) && (File.GetUnixFileMode(Location) & Others) != 0;

    /// <summary>The profiles; none if there is no file.</summary>
    /// <exception cref="KvFailure">The file cannot be read.</exception>
    public static ProfileSet Read()
    {
        try
        {
            using var file = File.OpenRead(Location);
            return JsonSerializer.Deserialize(file, ProfileJson.Default.ProfileSet) ?? throw new JsonException("It is null.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ProfileSet(new(StringComparer.Ordinal));
        }
        catch (JsonException exception)
        {
            throw new KvFailure(ExitCode.Usage, $"The profiles in {Location} are no valid JSON: {exception.Message} Correct the file, or delete it and add the profiles again.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KvFailure(ExitCode.Usage, $"The profiles in {Location} cannot be read: {exception.Message}");
        }
    }

    /// <summary>Replaces the file: a command that reads it meanwhile sees the old or the new one, and other users can read neither.</summary>
    public static void Write(ProfileSet profiles)
    {
        var replacement = $"{Location}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Location)!, OwnerOnly | UnixFileMode.UserExecute);
            using (var file = new FileStream(replacement, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
                JsonSerializer.Serialize(file, profiles, ProfileJson.Default.ProfileSet);
            File.Move(replacement, Location, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KvFailure(ExitCode.Usage, $"The profiles cannot be written to {Location}: {exception.Message}");
        }
    }
}
