// What is known of a server's definitions: which were accepted, by whom, and which are others now. A fold over the entries of the server's stream (MCP-05). Pure.
using System.Text.Json;
using System.Text.Json.Serialization;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Mcp.Definitions;

/// <param name="Json">As the server wrote it.</param>
public sealed record DefinitionText(Digest Digest, string Json)
{
    private readonly Lazy<JsonElement?> annotations = new(() => AnnotationsOf(JsonElement.Parse(Json)));

    /// <summary>What the server says of it in hints; null: nothing.</summary>
    public JsonElement? Annotations => annotations.Value;

    internal static JsonElement? AnnotationsOf(JsonElement definition) =>
        definition.ValueKind == JsonValueKind.Object && definition.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Object ? annotations : null;
}

/// <summary>One definition's history, in short.</summary>
/// <param name="Accepted">Null: never.</param>
/// <param name="Latest">Seen last and not accepted; null: the accepted one is what there is.</param>
/// <param name="AcceptedBy">Who; <c>first_use</c>: nobody, it was the first that was seen.</param>
public sealed record Pin(DefinitionKind Kind, string Name, DefinitionText? Accepted, DefinitionText? Latest, string? AcceptedBy)
{
    public PinState State => Accepted is null ? PinState.New : Latest is null ? PinState.Accepted : PinState.Changed;

    /// <summary>Somebody has been shown it as it stands, and said yes.</summary>
    public bool IsAcceptedByPerson => State == PinState.Accepted && AcceptedBy != DefinitionPins.FirstUse;
}

internal sealed record PinEntry(string Server, string? By, IReadOnlyList<PinnedDefinition> Definitions);
internal sealed record PinnedDefinition(DefinitionKind Kind, string Name, Digest Digest, string Json);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PinEntry))]
internal sealed partial class PinJson : JsonSerializerContext;

public sealed class PinBook
{
    private readonly Dictionary<DefinitionKey, Pin> pins = [];

    public static readonly PinBook Empty = new();

    public IEnumerable<Pin> Pins => pins.Values.OrderBy(p => p.Kind).ThenBy(p => p.Name, StringComparer.Ordinal);

    public Pin? Find(DefinitionKey key) => pins.GetValueOrDefault(key);

    internal static Outcome<PinBook> Read(StreamSnapshot snapshot)
    {
        var book = new PinBook();
        try
        {
            foreach (var entry in snapshot.Entries) book.Apply(entry.EntryType, entry.Data.Deserialize(PinJson.Default.PinEntry) ?? throw new JsonException("an entry is null"));
            return book;
        }
        catch (JsonException e)
        {
            return new Problem(ProblemCode.StoreCorrupt, $"the pinned definitions in {snapshot.Header.Workflow} cannot be read: {e.Message}");
        }
    }

    internal static EntryDraft Entry(string type, PinEntry entry) => new(type, JsonSerializer.SerializeToElement(entry, PinJson.Default.PinEntry));

    internal void Apply(string type, PinEntry entry)
    {
        foreach (var definition in entry.Definitions)
        {
            var key = new DefinitionKey(definition.Kind, definition.Name);
            var text = new DefinitionText(definition.Digest, definition.Json);
            var known = pins.GetValueOrDefault(key) ?? new(definition.Kind, definition.Name, null, null, null);
            pins[key] = type switch
            {
                WalEntryTypes.DefinitionAccepted => known with { Accepted = text, Latest = null, AcceptedBy = entry.By },
                WalEntryTypes.DefinitionSeen or WalEntryTypes.DefinitionChanged => known with { Latest = text },
                _ => throw new JsonException($"an entry of type {type} has no place there"),
            };
        }
    }
}
