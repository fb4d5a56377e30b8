namespace KvStore.Server.Hosting;
internal sealed class KvStoreOptions { public int KeyBytesMax {get;set;}=1024; public long ValueBytesMax {get;set;}=1<<20; public int PageEntriesDefault{get;set;}=100; public int PageEntriesMax{get;set;}=1000; public long PageBytesMax {get;set;}= 4<<20; }
