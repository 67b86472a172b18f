// Text in a tool's output or description that speaks to the model instead of to its reader (MCP-06): orders to forget what it was told, and tags that only a model's own transcript has.
// By the structure of the sentence, not by single words: "ignore the previous line" passes, "ignore all previous instructions" does not.
using CabinCrew.Protocol;
using static CabinCrew.Governance.Detection.InstructionWords;
using Words = System.Collections.Frozen.FrozenSet<string>.AlternateLookup<System.ReadOnlySpan<char>>;

namespace CabinCrew.Governance.Detection;

internal sealed class InstructionDetector : ITextDetector
{
    private const int WordsBetweenMax = 6;

    private static readonly DetectorRule Override = new("override", "this text orders a model to put aside its instructions");
    private static readonly DetectorRule Transcript = new("transcript", "this text plays a part of a model's own transcript");
    private static readonly DetectorRule Concealment = new("concealment", "this text orders a model to keep something from its user");

    private static readonly string[] Verbs = ["ignore", "disregard", "forget", "override", "bypass"];
    private static readonly Words Fillers = Of("all", "any", "every", "of", "the", "your", "my", "its", "these", "those", "and", "or", "about", "completely", "everything", "in", "to");
    private static readonly Words Befores = Of("previous", "prior", "above", "earlier", "preceding", "foregoing", "existing", "original", "former", "system", "initial", "current", "other", "safety", "developer");
    private static readonly Words Orders = Of("instructions", "instruction", "prompts", "prompt", "directives", "directions", "guidelines", "rules", "commands", "orders", "guardrails", "policies", "constraints");
    private static readonly string[] Marks = ["<|im_start|>", "<|im_end|>", "<|system|>", "<|endoftext|>", "[/INST]", "<<SYS>>", "<|start_header_id|>", "\n\nHuman:", "\\n\\nHuman:"];
    private static readonly Words Users = Of("user", "human", "person", "operator", "owner");

    private static readonly Words Secretive = Of("tell", "inform", "mention", "reveal");
    private static readonly Words Articles = Of("the", "your", "this", "that", "these", "it", "to", "any", "anything", "of", "a");
    private static readonly Words Abouts = Of("about", "that", "what", "of", "this", "how", "why");

    private const int WordsToUserMax = 6;

    public InstructionDetector() => Anchors =
    [
        .. Verbs.Select(v => new Anchor(v, (text, at) => Order(text, at, v.Length), IgnoreCase: true)),
        .. Marks.Select(m => new Anchor(m, (_, at) => new(Transcript, at, m.Length))),
        new("do not", Conceals("do not".Length), IgnoreCase: true),
        new("don't", Conceals("don't".Length), IgnoreCase: true),
        new("never", Conceals("never".Length), IgnoreCase: true),
        new("without", Conceals("without".Length), IgnoreCase: true),
        .. ToolPhrases.Anchors,
    ];

    public string Name => "injection";

    public IReadOnlyList<DetectorRule> Rules { get; } = [Override, Transcript, Concealment, .. ToolPhrases.Rules];

    public DetectorSettings Standard { get; } = new(Decision.Allow, Decision.Warn, RedactFromServer: false);

    public IReadOnlyList<Anchor> Anchors { get; }

    // VERB filler* BEFORE (BEFORE | filler)* ORDERS.
    private static TextMatch? Order(ReadOnlySpan<char> text, int at, int verb)
    {
        if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1])) return null;
        var next = at + verb;
        var before = false;
        for (var i = 0; i < WordsBetweenMax; i++)
        {
            if (!NextWord(text, ref next, out var word)) return null;
            if (before && Orders.Contains(word)) return new(Override, at, next - at);
            if (Befores.Contains(word)) before = true;
            else if (!Fillers.Contains(word)) return null;
        }
        return null;
    }

    // NOT TELL the USER, and what follows such an order in a tool's text is meant for the model.
    private static AnchorLook Conceals(int anchor) => (text, at) =>
    {
        if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1])) return null;
        var next = at + anchor;
        if (!NextWord(text, ref next, out var verb)) return null;
        var isGerund = verb.EndsWith("ing", StringComparison.OrdinalIgnoreCase);
        // "Tell the user" is what an assistant does; programs show, warn and notify users all the time.
        if (!Secretive.Contains(isGerund ? verb[..^3] : verb)) return null;
        var isTo = false;
        for (var i = 0; i < WordsToUserMax; i++)
        {
            if (!NextWord(text, ref next, out var word)) return null;
            if (Users.Contains(word)) return (isTo && i > 2) || EndsOrder(text, next) ? new(Concealment, at, next - at) : null;
            if (!Articles.Contains(word)) return null;
            isTo |= word.Equals("to", StringComparison.OrdinalIgnoreCase);
        }
        return null;
    };

    // "Do not tell the user about", "do not tell the user."
    private static bool EndsOrder(ReadOnlySpan<char> text, int next) => next >= text.Length || text[next] is '.' or '!' or ';' || (NextWord(text, ref next, out var word) && Abouts.Contains(word));
}
