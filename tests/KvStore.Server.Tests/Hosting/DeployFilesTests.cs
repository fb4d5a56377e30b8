using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>The files that others start the service with.</summary>
public sealed partial class DeployFilesTests
{
    [Fact]
    public void Environment_EverySetting_Exists()
    {
        string[] files = [Path.Combine(Repository.Root, "Dockerfile"), .. Directory.GetFiles(Path.Combine(Repository.Root, "deploy"), "*", SearchOption.AllDirectories)];
        var named = from file in files
                    from Match found in SettingVariable().Matches(File.ReadAllText(file))
                    select (File: Path.GetRelativePath(Repository.Root, file), Name: found.Groups[1].Value);

        Assert.Contains(named, setting => setting.Name == "Data");
        Assert.All(named, setting => Assert.Contains(setting.Name, SettingGroups.All.SelectMany(group => group.Settings.Select(declared => declared.Name))));
    }

    [GeneratedRegex(@"\bKvStore__([A-Za-z]+)")]
    private static partial Regex SettingVariable();
}
