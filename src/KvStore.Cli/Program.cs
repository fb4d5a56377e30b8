using KvStore.Cli;

return await KvCommandLine.RunAsync(args);
