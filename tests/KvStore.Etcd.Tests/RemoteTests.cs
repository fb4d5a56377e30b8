using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

public sealed class EtcdRemoteLogTests : RemoteLogContract
{
    protected override ILogPlace CreatePlace() => new EtcdPlace();

    private sealed class EtcdPlace : ILogPlace
    {
        private readonly FakeEtcdServer _server = new();
        private readonly FakeTimeProvider _time = new();
        private readonly List<FakeEtcd> _clients = [];

        public ICommitLog Open()
        {
            var client = new FakeEtcd(_server);
            _clients.Add(client);
            return new EtcdCommitLog(client, new EtcdLogOptions(), _time);
        }

        public void CutOff() => _clients.ForEach(client => client.CutOff());

        public void Silence()
        {
            foreach (var client in _clients)
                client.WatchFault = _ => EtcdWatchFault.Silent;
        }

        public void Restore()
        {
            foreach (var client in _clients)
            {
                client.WatchFault = _ => EtcdWatchFault.None;
                client.Heal();
            }
        }

        public void Advance(TimeSpan time) => _time.Advance(time);

        public void Spoil()
        {
            var layout = new EtcdLayout(new EtcdLogOptions().Prefix);
            _server.Txn(new TxnRequest
            {
                Success =
                {
                    new RequestOp { RequestPut = new PutRequest { Key = layout.Head } },
                    new RequestOp { RequestPut = new PutRequest { Key = layout.Record(new RecordId(1, 2, 3)), Value = Google.Protobuf.ByteString.CopyFromUtf8("spoilt") } },
                },
            });
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
