// One judge of messages. Each source is one file in Sources/ and one line in MessagePolicySources.cs.
namespace CabinCrew.Governance.Policies.Messages;

public interface IMessagePolicySource : IPolicySource<MessageSubject>
{
    /// <summary>It may have to wait for something. False: it only computes, within bounds of its own, and answers on the spot.</summary>
    bool Waits { get; }
}
