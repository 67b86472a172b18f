// A caller speaks one API and a provider another: requests, answers, streams and refusals of the one told in the other, where the configuration asks for it (LLM-01). Pure, and bounded by what came.
// Invariants: what has no counterpart is refused by name and never dropped; what goes to the provider, and what goes to the caller, is what the gate judges afterwards.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

/// <param name="Asked">As the caller speaks.</param>
/// <param name="To">As the provider does.</param>
public sealed class Translation
{
    /// <summary>An event carries its stream's frame besides its words, in the one API more of it than in the other.</summary>
    private const int GrowthMax = 8;

    private const int MessageCharsMax = 4000;

    private readonly Func<JsonElement, TranslationSettings, Untold, JsonObject> request;
    private readonly Func<JsonElement, long, Untold, JsonObject> answer;
    private readonly Func<long, bool, EventTranslation> events;

    private Translation(LlmApi asked, LlmApi to, Func<JsonElement, TranslationSettings, Untold, JsonObject> request, Func<JsonElement, long, Untold, JsonObject> answer, Func<long, bool, EventTranslation> events) =>
        (Asked, To, this.request, this.answer, this.events) = (asked, to, request, answer, events);

    public LlmApi Asked { get; }

    public LlmApi To { get; }

    public static IReadOnlyList<Translation> All { get; } =
    [
        new(LlmApi.ChatCompletions, LlmApi.Messages, ChatToMessagesRequest.Of, MessagesToChatAnswer.Of, (created, counts) => new MessagesToChatEvents(created, counts)),
        new(LlmApi.Messages, LlmApi.ChatCompletions, MessagesToChatRequest.Of, (said, _, untold) => ChatToMessagesAnswer.Of(said, untold), (_, _) => new ChatToMessagesEvents()),
    ];

    /// <summary>Null: there is none.</summary>
    public static Translation? Between(LlmApi asked, ApiFamily provider) => All.FirstOrDefault(t => t.Asked == asked && t.To.Family == provider);

    public Outcome<Prompt> Request(Prompt prompt, TranslationSettings settings)
    {
        var untold = new Untold(ProblemCode.MessageInvalid);
        var told = request(Root(prompt.Carried), settings, untold);
        if (untold.Problem is { } problem) return problem with { Remedy = $"Leave it out, or call the model by /{To.Path[1..]}, the API of its provider." };
        // Policies are told the model as the caller named it.
        return Prompt.Read(To, JsonBytes.Of(told), BytesMax(prompt.Carried)).Map(read => read with { Said = read.Said with { Model = prompt.Said.Model } });
    }

    /// <summary>What a provider answered, a stream included, as the caller's API has it.</summary>
    /// <param name="prompt">As the caller sent it.</param>
    /// <param name="status">As the provider said it.</param>
    /// <param name="created">Seconds of the Unix clock.</param>
    public Outcome<Carried> Answer(Prompt prompt, Carried came, int status, long created)
    {
        var bytesMax = BytesMax(came);
        if (came.IsStream) return Stream(Events(prompt, created), came, bytesMax);
        if (status is < 200 or >= 300) return Carried.Of(Error(Asked.Family, Root(came), status), bytesMax);
        var untold = new Untold(ProblemCode.UpstreamInvalid);
        var told = answer(Root(came), created, untold);
        return untold.Problem is { } problem ? problem : Carried.Of(JsonBytes.Of(told), bytesMax);
    }

    /// <summary>For a stream that is told as it comes.</summary>
    public EventTranslation Events(Prompt prompt, long created) => events(created, CountsAsked(Root(prompt.Carried)));

    /// <summary>A provider's refusal in the shape of the caller's API, with the provider's words.</summary>
    /// <param name="status">Null: within a stream, where there is none.</param>
    internal static byte[] Error(ApiFamily family, JsonElement said, int? status)
    {
        var error = said.ValueKind == JsonValueKind.Object && said.TryGetProperty("error", out var within) ? within : said;
        var message = error.ValueKind == JsonValueKind.String ? error.GetString()! : Word(error, "message") ?? $"the provider answered with status {status}";
        var type = status is { } known ? ApiErrors.Type(family, known) : Word(error, "type") ?? "api_error";
        var told = new JsonObject { ["type"] = type, ["message"] = Firewall.Plain.Text(message, MessageCharsMax) };
        if (family == ApiFamily.Anthropic) return JsonBytes.Of(new JsonObject { ["type"] = "error", ["error"] = told });
        told["param"] = null;
        told["code"] = null;
        return JsonBytes.Of(new JsonObject { ["error"] = told });
    }

    private static Outcome<Carried> Stream(EventTranslation translation, Carried came, int bytesMax)
    {
        var told = Carried.Stream();
        for (var i = 0; i <= came.Documents.Count; i++)
        {
            if (!(i < came.Documents.Count ? translation.Next(came.Documents[i]) : translation.End()).Try(out var some, out var problem)) return problem;
            foreach (var one in some)
                if (told.Add(one.Type, one.Json, bytesMax).Problem is { } unfit) return unfit;
        }
        return told;
    }

    private static int BytesMax(Carried of) => (int)Math.Min(int.MaxValue, of.Bytes * GrowthMax + (64 << 10));

    private static bool CountsAsked(JsonElement chat) =>
        chat.ValueKind == JsonValueKind.Object && chat.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object && options.TryGetProperty("include_usage", out var counts) && counts.ValueKind == JsonValueKind.True;

    private static string? Word(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var word) && word.ValueKind == JsonValueKind.String ? word.GetString() : null;

    private static JsonElement Root(Carried carried) => JsonElement.Parse(carried.Documents[0].Json.Span, new JsonDocumentOptions { MaxDepth = 128 });
}
