// A request as a caller sent it: read strictly, and told in its exchange. The model's name is the only thing that routing changes in it.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Wire;

public sealed record Prompt(LlmApi Api, Carried Carried, Exchange Said)
{
    private const int ModelCharsMax = 200;

    public static Outcome<Prompt> Read(LlmApi api, ReadOnlyMemory<byte> body, int bytesMax)
    {
        if (!Carried.Of(body, bytesMax).Try(out var carried, out var problem)) return problem;
        var json = JsonElement.Parse(body.Span, new JsonDocumentOptions { MaxDepth = 128 });
        if (json.ValueKind != JsonValueKind.Object) return new Problem(ProblemCode.MessageInvalid, "the body is no JSON object");
        var said = ExchangeReader.Request(json);
        if (said.Model.Length is 0 or > ModelCharsMax || said.Model.AsSpan().ContainsAnyExceptInRange('!', '~')) return new Problem(ProblemCode.MessageInvalid, $"'model' is to be a name of at most {ModelCharsMax} printable characters");
        return said.Stream && !api.CanStream ? new Problem(ProblemCode.MessageInvalid, "this API does not stream") : new Prompt(api, carried, said);
    }

    /// <summary>The same for a model that a provider calls otherwise.</summary>
    public Outcome<Prompt> For(string model)
    {
        if (model == Said.Model) return this;
        var piece = Carried.Pieces.First(p => p.Place == "/model");
        return Carried.With(new Dictionary<Piece, string> { [piece] = model }).Map(renamed => this with { Carried = renamed });
    }
}
