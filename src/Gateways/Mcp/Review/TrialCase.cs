// A message to be tried, as somebody wrote it down or as it was kept: what is said, who says it to whom, and what is expected of the judgement. One JSON document (docs/guides/mcp.md); what is not understood is refused.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Review;

/// <param name="Message">The message as JSON; or else <paramref name="Text"/>, for one that is no proper JSON.</param>
/// <param name="Answers">The request that a result or an error answers.</param>
/// <param name="Pin">Default: accepted, where something that is pinned is used.</param>
/// <param name="Expect">A decision: allow, warn, require_approval, deny.</param>
/// <param name="Rule">A policy's id that must have spoken, or <c>detector/rule</c>.</param>
public sealed record TrialCase(
    string? Name = null, JsonElement? Message = null, string? Text = null, JsonElement? Answers = null, string? Direction = null, string? Server = null, TrialCaller? Caller = null, string? ProtocolVersion = null,
    string? Pin = null, JsonElement? Annotations = null, JsonElement? Context = null, DateTimeOffset? At = null, string? Expect = null, string? Rule = null)
{
    /// <summary>The message's bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => Encoding.UTF8.GetBytes(Text ?? Message!.Value.GetRawText());

    public static Outcome<TrialCase> Read(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 256 });
            if (document.RootElement.ValueKind != JsonValueKind.Object) return Unfit("it is no JSON object");
            // A message by itself, as it went over the wire.
            if (document.RootElement.TryGetProperty("jsonrpc", out _)) return new TrialCase(Text: line);
            var read = document.RootElement.Deserialize(TrialCaseJson.Default.TrialCase)!;
            if ((read.Message is null) == (read.Text is null)) return Unfit("it needs 'message' (JSON) or 'text', and not both");
            return read.Fault() is { } fault ? Unfit(fault) : read;
        }
        catch (JsonException e)
        {
            // Perhaps a message that is no proper JSON: what becomes of that is the answer.
            return line.Contains("\"jsonrpc\"", StringComparison.Ordinal) ? new TrialCase(Text: line) : Unfit(e.Message);
        }
    }

    private string? Fault() =>
        Direction is not (null or "to_server" or "to_caller") ? "'direction' is to_server or to_caller"
        : Expect is not null && DecisionOf(Expect) is null ? $"'expect' is one of {string.Join(", ", Enum.GetValues<Decision>().Select(d => d.Word()))}"
        : Pin is not null && PinOf(Pin) is null ? "'pin' is one of none, new, accepted, changed"
        : Caller?.Kind is not (null or "human" or "automation" or "unknown") ? "'caller.kind' is human, automation or unknown"
        : null;

    public Decision? Expected => Expect is null ? null : DecisionOf(Expect);

    internal static Decision? DecisionOf(string word) => Enum.GetValues<Decision>().Cast<Decision?>().FirstOrDefault(d => d!.Value.Word() == word);

    internal static PinState? PinOf(string word) => Enum.GetValues<PinState>().Cast<PinState?>().FirstOrDefault(p => p!.Value.Word() == word);

    private static Problem Unfit(string why) => new(ProblemCode.JsonMalformed, $"this is no message to be tried: {why}")
    {
        Remedy = """Write a message of MCP on one line, or {"message": {...}, "expect": "deny"} (docs/guides/mcp.md).""",
    };
}

public sealed record TrialCaller(string Name, string? Kind = null, IReadOnlyList<string>? Roles = null, string? AuthenticatedBy = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(TrialCase))]
public sealed partial class TrialCaseJson : JsonSerializerContext;
