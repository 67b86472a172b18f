// Pins the definitions of servers: what was accepted stays what is shown and called; another definition is in quarantine until a person has accepted the difference (MCP-05).
// Invariant: the book is the store's. Several gateways write it one after the other, and what one has put in quarantine no other shows or calls for longer than BookAge.
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Mcp.Definitions;

public enum PinMode
{
    /// <summary>What is seen for the first time is accepted, and that is on record.</summary>
    FirstUse,

    /// <summary>A person accepts it first.</summary>
    Strict,
}

public sealed class DefinitionPins(LedgerRoom ledger, TenantId tenant, PinMode mode, Node node)
{
    public const string StreamKind = "pins";
    public const string FirstUse = "first_use";

    /// <summary>How old what is known of a server may be before it is read again.</summary>
    public static readonly TimeSpan BookAge = TimeSpan.FromSeconds(1);

    private const int EntryBytesMax = 2 << 20;
    private const int EventNamesMax = 50;

    private readonly SharedStream stream = new(ledger, tenant, node);
    private readonly ConcurrentDictionary<string, Known> books = new(StringComparer.Ordinal);

    private sealed record Known(PinBook Book, long ReadAt);

    public PinMode Mode => mode;

    /// <summary>What is known of one server; empty: nothing yet.</summary>
    public async ValueTask<Outcome<PinBook>> BookAsync(string server, CancellationToken ct)
    {
        if (books.TryGetValue(server, out var known) && ledger.Clock.GetElapsedTime(known.ReadAt) < BookAge) return known.Book;
        var at = ledger.Clock.GetTimestamp();
        var read = await ledger.Store.ReadAsync(tenant, StreamOf(server), ct).ConfigureAwait(false);
        if (read.Problem?.Code == ProblemCode.NotFound) return Keep(server, PinBook.Empty, at);
        return read.Then(PinBook.Read).Map(book => Keep(server, book, at));
    }

    /// <summary>Takes note of what a server lists now. The states, in the list's order, are durable when this returns.</summary>
    internal async Task<Outcome<IReadOnlyList<PinState>>> ObserveAsync(string server, IReadOnlyList<Definition> listed, CancellationToken ct)
    {
        if (!(await BookAsync(server, ct).ConfigureAwait(false)).Try(out var book, out var problem)) return problem;
        var twice = Twice(listed);
        if (listed.Any(d => IsNews(book, d, twice)))
        {
            var at = ledger.Clock.GetTimestamp();
            var noted = await stream.ChangeAsync(StreamOf(server), server, snapshot => PinBook.Read(snapshot).Map(current => Note(server, current, listed, twice)), ct).ConfigureAwait(false);
            if (!noted.Try(out book, out problem)) return problem;
            Keep(server, book, at);
        }
        return Outcome.Of<IReadOnlyList<PinState>>([.. listed.Select(d => StateOf(book, d, twice))]);
    }

    /// <summary>A person has looked at a definition and accepts it: the one whose digest they were shown, and no other.</summary>
    public async Task<Outcome<Pin>> AcceptAsync(string server, DefinitionKey key, Digest shown, Caller by, IdentityBook identities, CancellationToken ct)
    {
        if (Unfit(by, identities) is { } unfit) return unfit;
        var at = ledger.Clock.GetTimestamp();
        var changed = await stream.ChangeAsync<(PinBook Book, Pin Pin)>(StreamOf(server), server, snapshot =>
        {
            if (!PinBook.Read(snapshot).Try(out var book, out var problem)) return problem;
            if (book.Find(key) is not { } pin) return new Problem(ProblemCode.NotFound, $"'{server}' has no {key.Kind.Word()} '{Plain.Text(key.Name, 200)}' on record");
            if (pin.Latest?.Digest != shown && pin.Accepted?.Digest != shown)
                return new Problem(ProblemCode.ApprovalTokenMismatch, "what you were shown is no longer what the server offers: look at it again").With("shown", shown.ToString()).With("current", (pin.Latest ?? pin.Accepted)!.Digest.ToString());
            if (pin.IsAcceptedByPerson) return new StreamChange<(PinBook, Pin)>((book, pin), [], []);
            var text = pin.Latest?.Digest == shown ? pin.Latest : pin.Accepted!;
            var entry = new PinEntry(server, by.Name, [new(key.Kind, key.Name, text.Digest, text.Json)]);
            book.Apply(WalEntryTypes.DefinitionAccepted, entry);
            return new StreamChange<(PinBook, Pin)>((book, book.Find(key)!), [PinBook.Entry(WalEntryTypes.DefinitionAccepted, entry)],
                [Event(AuditEventTypes.DefinitionAccepted, server, entry.Definitions, $"{by.Name} accepted the {key.Kind.Word()} '{key.Name}' of {server}", by.Name, null)]);
        }, ct).ConfigureAwait(false);
        return changed.Map(done =>
        {
            Keep(server, done.Book, at);
            return done.Pin;
        });
    }

    private static Problem? Unfit(Caller by, IdentityBook identities) =>
        !by.Human || !identities.IsHuman(by.Name) ? new(ProblemCode.ApprovalRoleMissing, $"'{by.Name}' is no person of the identities file; accepting is a person's")
        : by.Roles.Contains(identities.DefaultRole, StringComparer.Ordinal) ? null
        : new(ProblemCode.ApprovalRoleMissing, $"'{by.Name}' does not hold the role '{identities.DefaultRole}'");

    // The same name twice, and not the same thing: nobody can say which of them would be called.
    private static HashSet<DefinitionKey> Twice(IReadOnlyList<Definition> listed) =>
        [.. listed.Where(d => d.Key is not null).GroupBy(d => d.Key!.Value).Where(g => g.Select(d => d.Digest).Distinct().Count() > 1).Select(g => g.Key)];

    private static bool IsNews(PinBook book, Definition definition, HashSet<DefinitionKey> twice)
    {
        if (definition is not { Key: { } key, Digest: { } digest } || twice.Contains(key)) return false;
        return book.Find(key) is not { } pin || (pin.Latest ?? pin.Accepted)!.Digest != digest;
    }

    private StreamChange<PinBook> Note(string server, PinBook book, IReadOnlyList<Definition> listed, HashSet<DefinitionKey> twice)
    {
        var news = listed.Where(d => IsNews(book, d, twice)).DistinctBy(d => d.Key).ToList();
        var fresh = Pinned(news.Where(d => book.Find(d.Key!.Value)?.Accepted is null));
        var changed = Pinned(news.Where(d => book.Find(d.Key!.Value)?.Accepted is not null));
        List<EntryDraft> entries = [];
        List<AuditEvent> events = [];
        var isAccepted = mode == PinMode.FirstUse;
        Write(isAccepted ? WalEntryTypes.DefinitionAccepted : WalEntryTypes.DefinitionSeen, fresh, isAccepted ? FirstUse : null);
        Write(WalEntryTypes.DefinitionChanged, changed, null);
        if (fresh.Count > 0 && isAccepted) events.Add(Event(AuditEventTypes.DefinitionAccepted, server, fresh, $"{fresh.Count} definition(s) of {server} accepted at first sight, as configured", "gateway", null));
        if (changed.Count > 0)
            events.Add(Event(AuditEventTypes.DefinitionChanged, server, changed, $"{server} defines {string.Join(", ", changed.Take(EventNamesMax).Select(d => $"the {d.Kind.Word()} '{Plain.Text(d.Name, 100)}'"))} otherwise than was accepted: in quarantine",
                "gateway", ProblemCode.DefinitionQuarantined));
        return new(book, entries, events);

        void Write(string type, IReadOnlyList<PinnedDefinition> definitions, string? by)
        {
            foreach (var part in Parts(definitions))
            {
                var entry = new PinEntry(server, by, part);
                entries.Add(PinBook.Entry(type, entry));
                book.Apply(type, entry);
            }
        }
    }

    private static IReadOnlyList<PinnedDefinition> Pinned(IEnumerable<Definition> definitions) => [.. definitions.Select(d => new PinnedDefinition(d.Key!.Value.Kind, d.Key.Value.Name, d.Digest!.Value, d.Text))];

    // An entry of the store is bounded; a long list becomes several.
    private static IEnumerable<IReadOnlyList<PinnedDefinition>> Parts(IReadOnlyList<PinnedDefinition> definitions)
    {
        var part = new List<PinnedDefinition>();
        var bytes = 0;
        foreach (var definition in definitions)
        {
            if (part.Count > 0 && (bytes += definition.Json.Length) > EntryBytesMax)
            {
                yield return part;
                (part, bytes) = ([], definition.Json.Length);
            }
            part.Add(definition);
        }
        if (part.Count > 0) yield return part;
    }

    private static PinState StateOf(PinBook book, Definition definition, HashSet<DefinitionKey> twice) =>
        definition is not { Key: { } key, Digest: { } digest } || twice.Contains(key) ? PinState.Changed
        : book.Find(key) is not { } pin ? PinState.New
        : pin.State == PinState.Accepted && pin.Accepted!.Digest != digest ? PinState.Changed
        : pin.State;

    private AuditEvent Event(string type, string server, IReadOnlyList<PinnedDefinition> definitions, string words, string actor, ProblemCode? problem) => new()
    {
        EventId = ledger.Ids.Next("evt"),
        Timestamp = ledger.Clock.GetUtcNow(),
        EventType = type,
        Message = words,
        Severity = problem?.Entry().Severity ?? Severity.Info,
        Extensions = new()
        {
            Actor = actor,
            Problem = problem?.Id(),
            Data = WireJson.ToElement(new JsonObject
            {
                ["server"] = server,
                ["definitions"] = new JsonArray([.. definitions.Take(EventNamesMax).Select(d => (JsonNode)new JsonObject { ["kind"] = d.Kind.Word(), ["name"] = Plain.Text(d.Name, 256), ["digest"] = d.Digest.ToString() })]),
                ["count"] = definitions.Count,
            }),
        },
    };

    private PinBook Keep(string server, PinBook book, long at)
    {
        books[server] = new(book, at);
        return book;
    }

    private static WorkflowId StreamOf(string server) => WorkflowId.Parse($"{StreamKind}-{Digest.Of(Encoding.UTF8.GetBytes(server)).Hex[..32]}");
}
