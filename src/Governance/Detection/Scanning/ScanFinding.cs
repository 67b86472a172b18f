// What was found, where, and what that means. Never holds what was found itself.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="Detector">For example <c>secrets</c>, <c>commands</c>; <see cref="TextDetection.NotAll"/> for what was not looked at.</param>
/// <param name="Rule">Unique in the detector.</param>
/// <param name="Path">The content's name.</param>
/// <param name="Line">From 1. In what is wrapped as a file of its own (gzip, a file of an archive), a line of that.</param>
/// <param name="Column">From 1, in UTF-16 units; 1 where only the line is known.</param>
/// <param name="Message">For a person, in one line.</param>
/// <param name="Fingerprint">The same for the same finding when lines move: 16 hexadecimal digits over detector, rule, path and the words before it. Nothing of what was found is in it.</param>
public sealed record ScanFinding(string Detector, string Rule, Decision Decision, string Path, int Line, int Column, string Message, string Fingerprint)
{
    /// <summary>What it is wrapped in, outermost first, joined by <c> in </c>; for example <c>base64</c> or <c>archive file a/b.sh</c>. Null: it stands there as it is.</summary>
    public string? Within { get; init; }

    /// <summary>Null: it is there now.</summary>
    public string? Commit { get; init; }

    /// <summary><c>secrets/github-token</c>.</summary>
    public string Id => $"{Detector}/{Rule}";
}
