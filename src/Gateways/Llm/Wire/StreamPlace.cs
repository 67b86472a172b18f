// What the places of a stream's texts tell of them: which a client puts together from event to event, which are labels that stand in every event, and which are a call of a tool.
// What is not known here is taken for a text that goes on: it is held, and never let out early.
using System.Buffers;
using System.Collections.Frozen;

namespace CabinCrew.Gateways.Llm.Wire;

/// <param name="Kind">Of the event; empty where events have none.</param>
/// <param name="Number">Which block, item or choice it is of.</param>
/// <param name="IsAside">It is of the event, and of nothing that a model says.</param>
internal readonly record struct StreamPlace(string Kind, string Number, string Name, bool IsAside)
{
    private const int LabelCharsMax = 128;

    private static readonly FrozenSet<string> Labels =
        new[] { "id", "object", "model", "type", "role", "item_id", "response_id", "event_id", "finish_reason", "native_finish_reason", "stop_reason", "status", "system_fingerprint", "service_tier", "obfuscation" }.ToFrozenSet(StringComparer.Ordinal);

    // Where the APIs say what a model says.
    private static readonly FrozenSet<string> Texts =
        new[] { "content", "text", "delta", "refusal", "reasoning", "reasoning_content", "thinking", "partial_json", "arguments", "input", "output", "code", "summary", "token", "name" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly SearchValues<char> LabelChars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/@+=-");

    /// <summary>Whoever reads the stream joins what stands there in one event to what stood there in the one before.</summary>
    public bool GoesOn => Kind.Length == 0 || Kind.Contains("delta", StringComparison.Ordinal);

    /// <summary>An event that says that a text is over.</summary>
    public bool Ends => Kind.EndsWith("_stop", StringComparison.Ordinal) || Kind.EndsWith(".done", StringComparison.Ordinal);

    public static StreamPlace Of(string place)
    {
        var steps = place.Split('/');
        var numbers = 1;
        while (numbers < steps.Length && steps[numbers].Length > 0 && !steps[numbers].AsSpan().ContainsAnyExceptInRange('0', '9')) numbers++;
        // A choice of OpenAI's older APIs.
        var isChoice = steps[0].Length == 0 && steps.Length > 2 && steps[1] == "choices";
        return new(steps[0], isChoice ? steps[2] : string.Join('/', steps[1..numbers]), steps[^1], steps[0].Length == 0 && !isChoice);
    }

    /// <summary>It is read by itself, and together with nothing else.</summary>
    public bool IsApart => !GoesOn || IsAside || Labels.Contains(Name);

    /// <summary>A model says something there; elsewhere what is always the same is a label.</summary>
    public bool IsText => Texts.Contains(Name);

    /// <summary>Not all readers join what stands there in several events.</summary>
    public bool MayStandAlone => IsApart || !IsText;

    /// <summary>Nobody puts the values of several events together.</summary>
    public bool IsLabel(string value) => (Labels.Contains(Name) || (IsAside && !IsText)) && value.Length <= LabelCharsMax && !value.AsSpan().ContainsAnyExcept(LabelChars);

    /// <summary>A tool is called there, or is going to be.</summary>
    public bool IsCall(string place, string value) =>
        place.Contains("/tool_calls/", StringComparison.Ordinal) || place.Contains("/function_call/", StringComparison.Ordinal) || Name == "partial_json" || Kind.Contains("_call", StringComparison.Ordinal)
        || (Name == "type" && (value.EndsWith("_call", StringComparison.Ordinal) || value.EndsWith("tool_use", StringComparison.Ordinal)));
}
