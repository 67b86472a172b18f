// What an event is made of, fixed when it happened, and put into words later, on the writer's own time.
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams;

/// <summary>Holds nothing that is large.</summary>
public interface IAuditWords
{
    AuditEvent ToEvent();

    /// <summary>Writes the very event that <see cref="ToEvent"/> gives, and just that one, perhaps without making it first.</summary>
    void Write(AuditEventText to) => to.Write(ToEvent());
}

/// <summary>The two parts of an event that are of no fixed shape, written member by member in the order of their names.</summary>
public interface IAuditParts
{
    void WriteGateway(AuditWriter to);

    void WriteData(AuditWriter to);
}
