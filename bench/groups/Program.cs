using KvStore.Groups;

try
{
    Report.Write(Figures.Parse(args), Console.Out);
    return 0;
}
catch (FormatException exception)
{
    await Console.Error.WriteLineAsync($"""
        {exception.Message}
        Usage: dotnet run -c Release --project bench/groups -- [OPTION VALUE]...
          --groups N,N,...   the numbers of groups                           10,100,1000
          --puts N           PUT per second of one group                     10000
          --database N       GiB of etcd's database in one group             8
          --copy N           MB per second from one group to another         50
          --switch N         seconds for which writes wait at a switch       0.2
          --segments N       first segments for each group                   100
          --utilization N    of what groups can do and hold, when groups are added   0.5
          --per-machine N    groups with a replica on one machine            3
          --trials N         random failures                                 2000
          --seed N           of all that is random                           1
        """);
    return 2;
}
