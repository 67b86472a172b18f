// What the classifier is held against: a list of words as guards begin with, expressions as published guards have them (written anew), and the product's own detector of sentences.
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CabinCrew.Governance.Detection;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.InjectionTrainer;

/// <param name="Score">The more, the more it looks like an attack; 0 for nothing.</param>
internal sealed record Baseline(string Name, Func<string, double> Score);

internal static class Baselines
{
    private static readonly string[] Words =
    [
        "ignore", "disregard", "forget", "override", "bypass", "jailbreak", "previous instructions", "prior instructions", "above instructions", "all instructions", "your instructions", "new instructions",
        "system prompt", "initial prompt", "your prompt", "you are now", "act as", "pretend", "roleplay", "role play", "developer mode", "dan mode", "do anything now", "no restrictions", "without restrictions",
        "unfiltered", "uncensored", "hypothetical", "from now on", "stay in character", "do not tell", "do not mention", "exfiltrate", "reveal", "print your", "repeat the above", "<|im_start|>", "[inst]", "### instruction",
    ];

    private static readonly Regex[] Expressions =
    [
        .. new[]
        {
            @"\b(?:ignore|disregard|forget|skip|bypass|override|neglect)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|existing|original|initial)\b.{0,40}\b(?:instruction|prompt|rule|guideline|direction|directive|context|message|polic|command)",
            @"\b(?:new|updated|real|actual)\s+(?:instruction|task|directive|system prompt)s?\s*[:\-]",
            @"\byou\s+are\s+(?:now|no longer|going to)\b", @"\b(?:act|behave|respond|answer)\s+(?:as|like)\s+(?:if|an?|the)\b", @"\bpretend\s+(?:to\s+be|you|that)\b", @"\b(?:developer|dan|god|debug|sudo|admin|jailbreak)\s+mode\b",
            @"\bdo\s+anything\s+now\b", @"\b(?:reveal|print|show|repeat|output|display|tell me|leak)\b.{0,40}\b(?:system|initial|hidden|original|your)\s+(?:prompt|instruction|message|rule)s?",
            @"\bwhat\s+(?:are|were|is)\s+your\s+(?:initial\s+|system\s+|original\s+)?(?:prompt|instruction|rule)s?", @"\b(?:without|no|free of|any)\s+(?:restriction|filter|limitation|censorship|ethic|moral)s?\b",
            @"\bdo\s+not\s+(?:tell|inform|mention|reveal|alert|notify)\b.{0,30}\b(?:user|human|anyone|person)\b", @"<\|(?:im_start|im_end|system|user|assistant)\|>|\[/?INST\]|<<SYS>>", @"^\s*(?:system|assistant)\s*:", @"\b(?:jailbr[eo]ak|uncensored|unfiltered)",
        }.Select(e => new Regex(e, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Multiline)),
    ];

    public static readonly IReadOnlyList<Baseline> Table =
    [
        new("words", text => Words.Count(w => text.Contains(w, StringComparison.OrdinalIgnoreCase))),
        new("expressions", text => Expressions.Count(e => e.IsMatch(text))),
        new("sentences", Sentences()),
    ];

    private static Func<string, double> Sentences()
    {
        var on = new DetectorSettings(Protocol.Decision.Warn, Protocol.Decision.Warn, false);
        var detection = TextDetection.Of(Detectors.Names.ToDictionary(n => n, n => n == "injection" ? on : DetectorSettings.Off, StringComparer.Ordinal), new Redactor()).Value;
        return text => detection.Detect(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(text)), Governance.Detection.TextOrigin.Server).Count;
    }
}
