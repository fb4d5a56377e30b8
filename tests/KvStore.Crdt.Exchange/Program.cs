using System.Text.Json.Nodes;
using KvStore.Crdt.Exchange;

// A line with a step gives a line with its result. An empty line forgets all replicas.
var session = new Session();
while (Console.ReadLine() is { } line)
{
    if (line.Length == 0)
        session = new Session();
    else
        Console.WriteLine(session.Execute(JsonNode.Parse(line)!.AsObject(), isFull: true).ToJsonString());
}
