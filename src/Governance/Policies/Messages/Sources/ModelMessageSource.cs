// A model that judges messages (PRE-06, MCP-06): all strings of what a message says, as one text. On a thread of its own and under the time limit: models take their time.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Messages.Sources;

internal sealed class ModelMessageSource(string name, ITextModel model, MessageTexts texts) : IMessagePolicySource
{
    /// <summary>Raised whenever another text of the same message is looked at. Part of the digest.</summary>
    private const int Version = 1;

    public string Name { get; } = $"{TextModels.Kind}:{name}";

    public PolicyOrigin Origin => PolicyOrigin.Onnx;

    public Digest Digest { get; } = TextModels.DigestOf(model, (Version * 8) + (int)texts);

    public bool Waits => true;

    public static Outcome<IMessagePolicySource> Load(PolicyRef reference, PolicySurroundings at) =>
        TextModels.Load(reference, at).Map(model => (IMessagePolicySource)new ModelMessageSource(reference.Value, model, reference.Model?.Texts ?? MessageTexts.All));

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(MessageSubject subject, CancellationToken ct)
    {
        var side = subject.Direction == MessageDirection.ToServer ? MessageTexts.FromCaller : MessageTexts.FromServer;
        if (subject.Content.IsEmpty || !texts.HasFlag(side)) return new([TextModels.Nothing(model, 0)]);
        return new([TextModels.Judge(model, subject.Method, StringsOf(subject.Content.Span), ct) ?? TextModels.Nothing(model, 1)]);
    }

    private static string StringsOf(ReadOnlySpan<byte> json)
    {
        var text = new StringBuilder();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonText.DepthMax });
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.String) continue;
            if (text.Length > 0) text.Append('\n');
            text.Append(reader.ValueIsEscaped ? JsonText.Unescape(reader.ValueSpan) : Encoding.UTF8.GetString(reader.ValueSpan));
        }
        return text.ToString();
    }
}
