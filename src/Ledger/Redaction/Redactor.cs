// Secrets never reach disk: every write of the ledger passes here first (AUD-04). Knows the values of mapped secrets and their usual encodings.
using System.Text.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Redaction;

/// <summary>Thread-safe. A secret that was learnt stays known for the life of the process.</summary>
public sealed partial class Redactor
{
    /// <summary>Values shorter than this cannot be told from ordinary text; a workflow that maps one is refused at load.</summary>
    public const int SecretCharsMin = 4;

    /// <summary>From now on every form of the value (raw, base64 at each alignment, hex, URL-encoded, JSON-escaped) reads <c>[redacted:NAME]</c>.</summary>
    public void Learn(string name, string value) => throw new NotImplementedException();

    public string Redact(string text) => throw new NotImplementedException();

    public JsonElement Redact(JsonElement value) => throw new NotImplementedException();

    /// <summary>The name of the first known secret found in the bytes in any form, or null (ART-07).</summary>
    public string? FindIn(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();
}
