// Secrets never reach disk: every write of the ledger passes here first (AUD-04). Knows the values of mapped secrets and their usual encodings.
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace CabinCrew.Ledger.Redaction;

/// <param name="Name">Of the secret; never its value.</param>
public readonly record struct SecretPlace(string Name, int Start, int Length);

/// <summary>Thread-safe. A secret that was learnt stays known for the life of the process.</summary>
public sealed class Redactor
{
    /// <summary>Values shorter than this cannot be told from ordinary text; a workflow that maps one is refused at load.</summary>
    public const int SecretCharsMin = 4;

    private readonly Lock gate = new();
    private volatile Known known = Known.Nothing;

    /// <summary>From now on every form of the value (raw, base64 at each alignment, hex, URL-encoded, JSON-escaped) reads <c>[redacted:NAME]</c>.</summary>
    public void Learn(string name, string value)
    {
        if (value.Trim().Length < SecretCharsMin) throw new ArgumentException($"the value of secret '{name}' is too short to be recognised", nameof(value));
        lock (gate) known = known.With(name, value);
    }

    /// <summary>No secret was ever learnt: there is nothing to redact.</summary>
    public bool KnowsNothing => known.Text is null;

    /// <summary>Whether this exact value has been learnt.</summary>
    public bool Knows(string value) => known.Forms.ContainsKey(value);

    public string Redact(string text)
    {
        var now = known;
        if (now.Text is null || text.AsSpan().IndexOfAny(now.Text) < 0) return text;
        var result = new StringBuilder(text.Length);
        var copied = 0;
        foreach (var (name, start, length) in Locate(text, now))
        {
            result.Append(text, copied, start - copied).Append(Placeholder(name));
            copied = start + length;
        }
        return result.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>Where secrets stand in a text, in any form: in order, and apart from one another.</summary>
    public IReadOnlyList<SecretPlace> Locate(ReadOnlySpan<char> text)
    {
        var now = known;
        return now.Text is null || text.IndexOfAny(now.Text) < 0 ? [] : Locate(text.ToString(), now);
    }

    /// <summary>What stands in a secret's place.</summary>
    public static string Placeholder(string name) => $"[redacted:{name}]";

    private static List<SecretPlace> Locate(string text, Known now)
    {
        List<SecretPlace> places = [];
        for (var at = text.AsSpan().IndexOfAny(now.Text!); at >= 0;)
        {
            // Matches may overlap: everything that any of them covers goes.
            var (name, end) = now.LongestAt(text, at);
            for (var next = at + 1; next < end;)
            {
                var step = text.AsSpan(next).IndexOfAny(now.Text!);
                if (step < 0 || next + step >= end) break;
                next += step;
                end = Math.Max(end, now.LongestAt(text, next).End);
                next++;
            }
            places.Add(new(name, at, end - at));
            var further = text.AsSpan(end).IndexOfAny(now.Text!);
            at = further < 0 ? -1 : end + further;
        }
        return places;
    }

    /// <summary>Redacts string values, member names, and numbers whose digits are a secret.</summary>
    public JsonElement Redact(JsonElement value)
    {
        if (known.Text is null || value.ValueKind == JsonValueKind.Undefined) return value;
        // Nearly always there is no secret in it, spelled out or by escapes, and it may stand as it is.
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (!raw.Contains((byte)'\\') && FindIn(raw) is null) return value;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, value);
        using var document = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 256 });
        return document.RootElement.Clone();
    }

    /// <summary>The name of the first known secret found in the bytes in any form, or null (ART-07).</summary>
    public string? FindIn(ReadOnlySpan<byte> bytes)
    {
        var now = known;
        if (now.Bytes is null) return null;
        const int window = 1 << 15;
        var overlap = now.BytesFormMax - 1;
        var chars = ArrayPool<char>.Shared.Rent(Math.Min(bytes.Length, window + overlap));
        try
        {
            for (var at = 0; at < bytes.Length; at += window)
            {
                var part = bytes[at..Math.Min(bytes.Length, at + window + overlap)];
                var count = Encoding.Latin1.GetChars(part, chars);
                var text = chars.AsSpan(0, count);
                var hit = text.IndexOfAny(now.Bytes);
                if (hit < 0) continue;
                foreach (var (form, name) in now.ByteForms)
                    if (text[hit..].StartsWith(form, StringComparison.Ordinal)) return name;
            }
            return null;
        }
        finally
        {
            // The buffer may hold a secret's neighbourhood.
            ArrayPool<char>.Shared.Return(chars, clearArray: true);
        }
    }

    private void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                Dictionary<string, int>? names = null;
                foreach (var member in value.EnumerateObject())
                {
                    var given = member.Name;
                    var name = Redact(given);
                    // A redacted name must not fall together with another member's.
                    if (name != given)
                    {
                        if (names is null)
                        {
                            names = new(StringComparer.Ordinal);
                            foreach (var other in value.EnumerateObject()) names.TryAdd(other.Name, 1);
                        }
                        for (var redacted = name; !names.TryAdd(name, 1);) name = names[redacted]++ is > 1 and var twin ? $"{redacted}'{twin}" : $"{redacted}'";
                    }
                    writer.WritePropertyName(name);
                    Write(writer, member.Value);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Redact(value.GetString()!));
                break;
            case JsonValueKind.Number when Redact(value.GetRawText()) is var text && text != value.GetRawText():
                writer.WriteStringValue(text);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    // One immutable picture of what is known, swapped as a whole.
    private sealed class Known
    {
        public static readonly Known Nothing = new();

        public Dictionary<string, string> Forms { get; private init; } = new(StringComparer.Ordinal);
        public List<(string Form, string Name)> ByteForms { get; private init; } = [];
        public SearchValues<string>? Text { get; private init; }
        public SearchValues<string>? Bytes { get; private init; }
        public int BytesFormMax { get; private init; }
        private List<(string Form, string Name)> LongestFirst { get; init; } = [];

        public Known With(string name, string value)
        {
            var forms = new Dictionary<string, string>(Forms, StringComparer.Ordinal);
            foreach (var form in SecretForms.Of(value)) forms.TryAdd(form, name);
            var bytes = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (form, owner) in ByteForms) bytes.TryAdd(form, owner);
            foreach (var (form, owner) in forms) bytes.TryAdd(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(form)), owner);
            foreach (var form in SecretForms.BinaryOf(value)) bytes.TryAdd(Encoding.Latin1.GetString(form), name);
            return new()
            {
                Forms = forms,
                ByteForms = [.. bytes.Select(f => (f.Key, f.Value)).OrderByDescending(f => f.Key.Length)],
                LongestFirst = [.. forms.Select(f => (f.Key, f.Value)).OrderByDescending(f => f.Key.Length)],
                Text = SearchValues.Create([.. forms.Keys], StringComparison.Ordinal),
                Bytes = SearchValues.Create([.. bytes.Keys], StringComparison.Ordinal),
                BytesFormMax = bytes.Keys.Max(f => f.Length),
            };
        }

        public (string Name, int End) LongestAt(string text, int at)
        {
            foreach (var (form, name) in LongestFirst)
                if (string.CompareOrdinal(text, at, form, 0, form.Length) == 0) return (name, at + form.Length);
            throw new InvalidOperationException("a secret was found where none of its forms stands");
        }
    }
}
