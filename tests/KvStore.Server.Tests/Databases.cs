[assembly: AssemblyFixture(typeof(KvStore.Testing.DatabaseServers))]
