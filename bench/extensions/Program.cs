using System.Globalization;
using KvStore.ExtensionsLoad;

// caching KVSTORE-URL KVSTORE-PID REDIS-ADDRESS REDIS-PID ROUNDS, or queues KVSTORE-URL ROUNDS. run.sh starts the services.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
switch (args)
{
    case ["caching", var kvstore, var kvstoreId, var redis, var redisId, var rounds]:
        await CachingLoad.RunAsync(new Uri(kvstore), int.Parse(kvstoreId), redis, int.Parse(redisId), int.Parse(rounds));
        break;
    case ["queues", var kvstore, var rounds]:
        await QueueLoad.RunAsync(new Uri(kvstore), int.Parse(rounds));
        break;
    default:
        await Console.Error.WriteLineAsync("Run run.sh.");
        return 1;
}

return 0;
