// Until the protocol's own lands: the checksum of a write-ahead entry over its canonical form without that member (ORC-04).
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams;

internal static class WalEntries
{
    public static Digest Checksum(WalEntry entry)
    {
        var node = (JsonObject)JsonSerializer.SerializeToNode(entry with { Checksum = Digest.Of([]) }, ProtocolJson.Default.WalEntry)!;
        node.Remove("checksum");
        return Digest.Of(CanonicalJson.Write(node));
    }
}
