// What was found in a JSON text, and what the configuration makes of it. Never holds what was found itself.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

/// <summary>Who wrote the text.</summary>
public enum TextOrigin
{
    /// <summary>An agent: arguments, answers to a server's questions.</summary>
    Caller,

    /// <summary>A server: results, questions, descriptions of tools.</summary>
    Server,
}

/// <param name="Detector">For example <c>secrets</c>.</param>
/// <param name="Rule">For example <c>github-token</c>; of a mapped secret, its name.</param>
/// <param name="Place">A JSON pointer to the string (or to the member whose name it is).</param>
/// <param name="Start">In the bytes of the JSON text; what is cut out by it leaves well-formed JSON.</param>
/// <param name="Redact">The configuration wants it cut out.</param>
public sealed record Finding(string Detector, string Rule, string Place, int Start, int Length, Decision Decision, bool Redact, string Reason)
{
    /// <summary>It is a whole number and not part of a string.</summary>
    public bool IsNumber { get; init; }
}

/// <param name="FromCaller">What becomes of a text of the caller's in which something is found.</param>
/// <param name="FromServer">Likewise of a server's.</param>
/// <param name="RedactFromServer">What is found in a server's text is cut out.</param>
public sealed record DetectorSettings(Decision FromCaller, Decision FromServer, bool RedactFromServer)
{
    /// <summary>Decisions for single rules, whoever wrote the text; only where the detector itself is not off for that side.</summary>
    public IReadOnlyDictionary<string, Decision> Rules { get; init; } = new Dictionary<string, Decision>();

    /// <summary>Somebody's texts are looked through.</summary>
    internal bool IsOn => FromCaller != Decision.Allow || FromServer != Decision.Allow || RedactFromServer;

    public static readonly DetectorSettings Off = new(Decision.Allow, Decision.Allow, false);
}
