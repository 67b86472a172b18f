// A SHA-256 digest in its one written form, "sha256:" and 64 lower-case hex digits. Any other spelling is refused.
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CabinCrew.Protocol;

/// <summary>SHA-256 (FIPS 180-4) of some bytes, written as <c>sha256:hex</c>.</summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest : IComparable<Digest>
{
    public const string Prefix = "sha256:";

    private readonly string? text;

    private Digest(string text) => this.text = text;

    /// <summary>The 64 hex digits, as <c>sha256sum</c> prints them.</summary>
    public string Hex => ToString()[Prefix.Length..];

    public bool IsSet => text is not null;

    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return FromHash(hash);
    }

    public static Digest FromHash(ReadOnlySpan<byte> hash) => hash.Length == SHA256.HashSizeInBytes
        ? new(string.Create(Prefix.Length + 2 * SHA256.HashSizeInBytes, hash, static (text, hash) =>
        {
            Prefix.CopyTo(text);
            Convert.TryToHexStringLower(hash, text[Prefix.Length..], out _);
        }))
        : throw new ArgumentException("a SHA-256 hash has 32 bytes", nameof(hash));

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + 64 || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        foreach (var c in text.AsSpan(Prefix.Length))
            if (c is not (>= '0' and <= '9' or >= 'a' and <= 'f')) return false;
        digest = new(text);
        return true;
    }

    public static Digest Parse(string text) => TryParse(text, out var d) ? d : throw new FormatException($"not a digest: '{text}'");

    public int CompareTo(Digest other) => string.CompareOrdinal(text, other.text);

    public override string ToString() => text ?? throw new InvalidOperationException("an unset digest was used");
}

public sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out var d) ? d : throw new JsonException("expected \"sha256:\" and 64 lower-case hex digits");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
