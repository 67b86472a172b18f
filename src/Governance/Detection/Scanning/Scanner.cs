// Runs every detector over plain texts: files, diffs, what a plan adds. Immutable, shared by all threads, bounded; what was not looked at whole is a finding of its own, so that silence
// always means that all of it was looked at.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Detection.Code;
using CabinCrew.Governance.Detection.Commands;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Detection.Scanning;

public sealed class Scanner
{
    /// <summary>Raised whenever this code finds something else in the same content. Part of the digest.</summary>
    public const int Version = 2;

    /// <summary>Of one content; what is beyond is not looked at, and that is a finding.</summary>
    public const int BytesMax = 64 << 20;

    private readonly ScanSettings settings;

    // Made when somebody asks: a scan for people never does.
    private readonly Lazy<Digest> digest;

    private Scanner(ScanSettings settings, ScanAllowances? allowances = null)
    {
        this.settings = settings;
        Allowances = allowances ?? ScanAllowances.Nothing;
        Side = settings.Side();
        Detectors = [.. ScanSettings.Detectors.Where(settings.Looks)];
        digest = new(() => Protocol.Digest.Of(CanonicalJson.Write(new JsonObject
        {
            ["scanner"] = Version, ["text"] = TextDetection.Version, ["commands"] = CommandReview.Version, ["code"] = CodeReview.Version, ["decisions"] = settings.ToJson(),
            ["judges_by"] = new JsonObject(Side.Active.Select(d => KeyValuePair.Create(d.Name, (JsonNode?)d.Ready().Value))),
            ["rules"] = new JsonArray([.. ScanSettings.Detectors.SelectMany(d => ScanSettings.RulesOf(d).Select(r => (JsonNode)$"{d}/{r.Id}={r.Decision.Word()}"))]),
        })));
    }

    public static readonly Scanner Standard = new(ScanSettings.Standard);

    // The policies of a workflow are loaded for each of its flights, and a scanner takes milliseconds to make.
    private static Scanner? last;

    /// <summary>Over the versions of the code, the rules and the settings: the same digest, the same findings.</summary>
    public Digest Digest => digest.Value;

    /// <summary>The detectors that look, by name.</summary>
    public IReadOnlyList<string> Detectors { get; }

    internal TextDetection.Side Side { get; }

    internal ScanSettings Settings => settings;

    internal ScanAllowances Allowances { get; }

    /// <summary>The same, but for what is allowed.</summary>
    public Scanner With(ScanAllowances allowances) => new(settings, allowances);

    /// <summary>Refused, with <paramref name="code"/>: a word that names no detector or no rule of one. Refused as well: a detector that looks and is not what it should be.</summary>
    public static Outcome<Scanner> Of(ScanSettings settings, ProblemCode code)
    {
        if (Kept(settings) is not { } scanner)
        {
            if (settings.Fault(code) is { } fault) return fault;
            scanner = new(settings);
            Volatile.Write(ref last, scanner);
        }
        return scanner.Side.Active.Select(d => d.Ready().Problem).FirstOrDefault(p => p is not null) is { } unready ? unready : scanner;
    }

    private static Scanner? Kept(ScanSettings settings) =>
        settings.Decisions.Count == 0 ? Standard : Volatile.Read(ref last) is { } kept && kept.settings.Decisions.Count == settings.Decisions.Count && !kept.settings.Decisions.Except(settings.Decisions).Any() ? kept : null;

    /// <exception cref="OperationCanceledException"/>
    public ScanResult Scan(ScanContent content, CancellationToken ct) => new ScanLook(this, content, ct).Run();
}
