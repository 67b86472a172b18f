// What an approval of one intercepted message is bound to (APR-07): one hash over everything that made the question what it was. Pure.
// Whatever of it is another at the moment of use makes it another question, and the approval worth nothing.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Approvals.Calls;

public sealed record CallBinding
{
    /// <summary>Raised when the form below changes: an approval for the old form is none for the new one.</summary>
    public const int Version = 1;

    public required string Gateway { get; init; }
    /// <summary>Of the exact bytes that would go on.</summary>
    public required Digest Frame { get; init; }
    /// <summary>Of the request that a held response answers.</summary>
    public Digest? Answers { get; init; }
    public required string Server { get; init; }
    public required string Method { get; init; }
    public string? Name { get; init; }
    /// <summary>Of the definition of what is called, where the server gave one.</summary>
    public Digest? Pin { get; init; }
    public required Digest Policy { get; init; }
    public required MessageCaller Caller { get; init; }
    public required string Session { get; init; }
    public JsonElement? Context { get; init; }

    public Digest Hash() => Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["version"] = Version,
        ["gateway"] = Gateway,
        ["frame"] = Frame.ToString(),
        ["answers"] = Answers?.ToString(),
        ["server"] = Server,
        ["method"] = Method,
        ["name"] = Name,
        ["pin"] = Pin?.ToString(),
        ["policy"] = Policy.ToString(),
        ["caller"] = new JsonObject
        {
            ["name"] = Caller.Name,
            ["human"] = Caller.Human,
            ["issuer"] = Caller.Issuer,
            ["authenticated_by"] = Caller.AuthenticatedBy,
            ["roles"] = new JsonArray([.. Caller.Roles.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(r => (JsonNode)r)]),
        },
        ["session"] = Session,
        ["context"] = Context is { } context ? CanonicalJson.Hash(context).ToString() : null,
    }));
}
