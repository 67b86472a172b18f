// Every detector of text, in one table. A new one is one file in this folder and one line here.
using CabinCrew.Governance.Detection.Injection;
using CabinCrew.Governance.Detection.Personal;
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Governance.Detection;

public static class Detectors
{
    /// <summary>The name of the detector of credentials by their form.</summary>
    public const string Secrets = "secrets";

    /// <summary>The name of the detector of credentials by what they are assigned to.</summary>
    public const string Assigned = "assigned-secrets";

    /// <summary>The name of the detector of data about persons.</summary>
    public const string Personal = "personal-data";

    /// <summary>The name under which mapped secrets are found; they are known to the redactor and not to any detector.</summary>
    public const string Mapped = "mapped-secrets";

    /// <summary>For <see cref="Mapped"/>.</summary>
    public static readonly DetectorSettings MappedStandard = new(Protocol.Decision.Deny, Protocol.Decision.Warn, RedactFromServer: true);

    internal static readonly ITextDetector[] Table =
    [
        new SecretDetector(),
        new AssignmentDetector(),
        new InstructionDetector(),
        new HiddenTextDetector(),
        new ExfiltrationDetector(),
        new InjectionClassifier(),
        new PersonalDetector(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(d => d.Name), Mapped];

    public static IReadOnlyList<DetectorRule> RulesOf(string name) => Array.Find(Table, d => d.Name == name)?.Rules ?? [];

    public static DetectorSettings StandardOf(string name) => name == Mapped ? MappedStandard : Array.Find(Table, d => d.Name == name)?.Standard ?? DetectorSettings.Off;

    /// <summary>Where files are looked through.</summary>
    public static DetectorSettings InFilesOf(string name) => name == Mapped ? MappedStandard : Array.Find(Table, d => d.Name == name)?.InFiles ?? DetectorSettings.Off;
}
