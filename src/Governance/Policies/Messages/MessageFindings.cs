// What detectors found in a message's content, as policies and the record speak of it.
using CabinCrew.Governance.Detection;

namespace CabinCrew.Governance.Policies.Messages;

public static class MessageFindings
{
    /// <param name="found">In <see cref="MessageSubject.Content"/>, so that the places are pointers into it.</param>
    public static IReadOnlyList<MessageFinding> Of(IReadOnlyList<Finding> found)
    {
        if (found.Count == 0) return [];
        var findings = new MessageFinding[found.Count];
        for (var i = 0; i < findings.Length; i++) findings[i] = new(found[i].Detector, found[i].Rule, found[i].Place, found[i].Decision, found[i].Reason);
        return findings;
    }
}
