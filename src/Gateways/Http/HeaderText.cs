// Values in HTTP headers of MCP (2026-07-28, Streamable HTTP, value encoding): plain where that is safe, else base64 behind a mark that is never ambiguous.
using System.Text;

namespace CabinCrew.Gateways.Http;

public static class HeaderText
{
    private const string Begin = "=?base64?", End = "?=";

    public static string Encode(string value) => IsPlain(value) ? value : $"{Begin}{Convert.ToBase64String(Encoding.UTF8.GetBytes(value))}{End}";

    /// <summary>What a header says; null: it is not well encoded.</summary>
    public static string? Decode(string header)
    {
        if (!IsMarked(header)) return header.AsSpan().ContainsAnyExceptInRange(' ', '~') ? null : header;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Convert.FromBase64String(header[Begin.Length..^End.Length]));
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static bool IsPlain(string value) =>
        !value.AsSpan().ContainsAnyExceptInRange(' ', '~') && !IsMarked(value) && (value.Length == 0 || (value[0] != ' ' && value[^1] != ' '));

    private static bool IsMarked(string value) => value.Length >= Begin.Length + End.Length && value.StartsWith(Begin, StringComparison.Ordinal) && value.EndsWith(End, StringComparison.Ordinal);
}
