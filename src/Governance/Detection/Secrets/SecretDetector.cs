// Credentials by their form (INT-11, MCP-06): the tokens of SecretRules, private keys, and passwords where a format says that there is one.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Secrets;

internal sealed class SecretDetector : ITextDetector
{
    public string Name => Detectors.Secrets;

    public IReadOnlyList<DetectorRule> Rules { get; } = [.. SecretRules.Table.Select(r => r.Rule), .. PrivateKeys.Rules, .. Passwords.Rules];

    public DetectorSettings Standard { get; } = new(Decision.Deny, Decision.Warn, RedactFromServer: true)
    {
        // Made to be shown around.
        Rules = new Dictionary<string, Decision> { ["stripe-test-key"] = Decision.Warn, ["new-relic-browser-key"] = Decision.Warn },
    };

    public IReadOnlyList<Anchor> Anchors { get; } = [.. TokenFinder.Anchors, .. PrivateKeys.Anchors, .. Passwords.Anchors];
}
