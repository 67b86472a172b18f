// Those who judge messages, as the configuration names them: policies, detectors, and what is known of file operations. For the gate, and for trials of it that carry nothing.
using System.Security.Cryptography;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Calls;
using CabinCrew.Gateways.Mcp.Files;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Configuration;

public sealed record AssembledJudge(IMessageJudge Judge, ScanMessage Scan, RecogniseFiles Files, IReadOnlyList<string> Policies)
{
    internal const int PlaceholderKeyBytes = 32;

    /// <param name="models">Null: no model can be run.</param>
    public static async Task<Outcome<AssembledJudge>> BuildAsync(GatewayDefinition definition, Redactor redactor, string defaultRole, TextModelLoader? models, TimeProvider clock, CancellationToken ct)
    {
        var loaded = await MessagePolicySet.LoadAsync(definition.Policies, new(definition.BaseDirectory, redactor) { Models = models }, definition.Aggregation, definition.PolicyTimeLimit, clock, ct).ConfigureAwait(false);
        if (!loaded.Try(out var policies, out var problem)) return problem;
        if (!TextDetection.Of(Settings(definition), redactor).Try(out var detection, out problem)) return problem;
        if (!FileRoots.Of(definition.Roots, null, isLocal: true).Try(out var roots, out problem)) return problem;
        if (!FileRecognizer.Of([], roots).Try(out var files, out problem)) return problem;
        var commands = new CommandScan(definition.Commands);
        var scan = new DetectorScan(detection, commands, new Redaction(RandomNumberGenerator.GetBytes(PlaceholderKeyBytes)));
        return new AssembledJudge(new PolicyJudge(policies, detection, commands, defaultRole), scan.RunAsync, s => Recognize(files, s), policies.SourceNames);
    }

    private static FileOperation? Recognize(FileRecognizer files, MessageSubject subject) =>
        files.Recognize(subject.Method, subject.Name, subject.Arguments.IsEmpty && subject.Method != "tools/call" ? MessageArguments.Of(subject.Content) : subject.TakenApart);

    private static Dictionary<string, DetectorSettings> Settings(GatewayDefinition definition)
    {
        var settings = new Dictionary<string, DetectorSettings>(definition.Detectors, StringComparer.Ordinal);
        // Whatever the file says: what is mapped for a server never comes from a caller.
        settings[Detectors.Mapped] = settings.GetValueOrDefault(Detectors.Mapped, Detectors.MappedStandard) with { FromCaller = Decision.Deny };
        return settings;
    }
}
