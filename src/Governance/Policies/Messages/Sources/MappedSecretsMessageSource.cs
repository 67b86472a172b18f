// A mapped secret's value, in any usual encoding, anywhere in what a caller sends to a server, is a deny (INT-11). Always part of a set, and silent where it finds nothing.
// What servers send is redacted instead, where configured (Detection): a server may well be the one that the secret is for.
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Messages.Sources;

internal static class MappedSecretsMessageSource
{
    public const string Id = "mapped-secrets";

    /// <summary>Null: nothing to object to.</summary>
    public static PolicyVerdict? Objection(MessageSubject subject, Redactor redactor)
    {
        if (subject.Direction != MessageDirection.ToServer || subject.Frame.IsEmpty) return null;
        var secret = redactor.FindIn(subject.Frame.Span) ?? (JsonEscapes.AreIn(subject.Frame.Span) ? FindSpelled(subject.Frame.Span, redactor) : null);
        return secret is null ? null : new(Id, Decision.Deny, $"the message holds the value of the secret {secret}; what is mapped for a server must not come from a caller, and this one should be rotated");
    }

    // The bytes may spell a letter as \u0041: look at what they mean as well.
    private static string? FindSpelled(ReadOnlySpan<byte> frame, Redactor redactor)
    {
        var json = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = JsonText.DepthMax });
        while (json.Read())
        {
            if (json.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !json.ValueIsEscaped) continue;
            if (redactor.Locate(JsonText.Unescape(json.ValueSpan)) is [var found, ..]) return found.Name;
        }
        return null;
    }
}
