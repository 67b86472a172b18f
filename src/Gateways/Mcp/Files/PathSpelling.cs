// How a path is spelled, before anybody looks where it leads (MCP-04): split into plain names, or refused where two readers could read it as two different paths. Pure.
using System.Globalization;
using System.Text;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Files;

/// <param name="Names">Without empty ones and <c>.</c>; none of them is <c>..</c>.</param>
/// <param name="Fault">Not None: the names mean nothing.</param>
internal readonly record struct PathSpelling(bool IsAbsolute, IReadOnlyList<string> Names, FileFault Fault)
{
    private const int NamesMax = 256;

    private static readonly string[] Encoded = ["%2e", "%2f", "%5c", "%00", "%25", "%c0", "%u"];
    private static readonly string FileScheme = "file:";

    public static PathSpelling Of(string given)
    {
        if (given.Length == 0 || Encoding.UTF8.GetByteCount(given) > WorkspacePath.BytesMax) return Refused(FileFault.Unresolved);
        var path = given;
        if (given.StartsWith(FileScheme, StringComparison.OrdinalIgnoreCase))
        {
            if (OfUri(given) is not { } plain) return Refused(FileFault.Traversal);
            path = plain;
        }
        if (IsAmbiguous(path)) return Refused(FileFault.Traversal);
        List<string> names = [];
        foreach (var range in path.AsSpan().Split('/'))
        {
            var name = path.AsSpan(range);
            if (name.Length == 0 || name is ".") continue;
            if (name is ".." || IsOddName(name)) return Refused(FileFault.Traversal);
            names.Add(name.ToString());
        }
        return names.Count > NamesMax ? Refused(FileFault.Unresolved) : new(path[0] == '/', names, FileFault.None);
    }

    private static PathSpelling Refused(FileFault fault) => new(false, [], fault);

    // file:///path and file://localhost/path, decoded once.
    private static string? OfUri(string uri)
    {
        var rest = uri.AsSpan(FileScheme.Length);
        if (rest.StartsWith("//"))
        {
            rest = rest[2..];
            var slash = rest.IndexOf('/');
            if (slash < 0 || (slash > 0 && !rest[..slash].Equals("localhost", StringComparison.OrdinalIgnoreCase))) return null;
            rest = rest[slash..];
        }
        if (rest.Length == 0 || rest[0] != '/' || rest.ContainsAny('?', '#', '\\')) return null;
        // A slash that is encoded is a slash for some and a letter of a name for others.
        foreach (var code in (ReadOnlySpan<string>)["%2f", "%5c", "%00", "%2e", "%25"])
            if (rest.Contains(code, StringComparison.OrdinalIgnoreCase)) return null;
        var decoded = Uri.UnescapeDataString(rest.ToString());
        return decoded.Contains('%', StringComparison.Ordinal) ? null : decoded;
    }

    private static bool IsAmbiguous(string path)
    {
        if (path[0] == '~' || char.IsWhiteSpace(path[0]) || char.IsWhiteSpace(path[^1])) return true;
        var isPlain = true;
        for (var i = 0; i < path.Length; i++)
        {
            var c = path[i];
            if (c is '\\' || char.IsControl(c)) return true;
            if (c == '$' && i + 1 < path.Length && path[i + 1] is '{' or '(') return true;
            if (c < 0x80) continue;
            isPlain = false;
            if (char.IsHighSurrogate(c) && i + 1 < path.Length && char.IsLowSurrogate(path[i + 1])) i++;
            else if (char.IsSurrogate(c)) return true;
        }
        if (path.Contains('%', StringComparison.Ordinal) && Array.Exists(Encoded, e => path.Contains(e, StringComparison.OrdinalIgnoreCase))) return true;
        // A drive's letter, or a stream of a file: paths of another system.
        if (path.Length >= 2 && path[1] == ':' && char.IsAsciiLetter(path[0])) return true;
        return path.Contains("::", StringComparison.Ordinal) || (!isPlain && HasLookAlikes(path));
    }

    // Letters that some readers take for a slash, a dot or nothing: whatever Unicode's compatibility forms make into structure, and characters that nobody sees.
    private static bool HasLookAlikes(string path)
    {
        foreach (var rune in path.EnumerateRunes())
        {
            if (rune.Value < 0x80) continue;
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned) return true;
            if (rune.Value is 0x2044 or 0x2215 or 0x29F8 or 0x29F9 or 0x2216 or 0x2571 or 0x2572 or 0x3164 or 0x115F or 0x1160) return true;
            var plain = Compatible(rune);
            if (plain.AsSpan().ContainsAny("/\\:~\0") || (plain.Length > 0 && !plain.AsSpan().ContainsAnyExcept('.'))) return true;
        }
        return false;
    }

    private static string Compatible(Rune rune) => rune.Value switch
    {
        // The forms are few; Unicode's tables are not at hand where globalization is invariant.
        >= 0xFF01 and <= 0xFF5E => ((char)(rune.Value - 0xFEE0)).ToString(),
        0x2024 or 0xFE52 => ".",
        0x2025 or 0xFE30 => "..",
        0x2026 or 0xFE19 => "...",
        0xFE55 or 0xFE13 or 0x2236 or 0xA789 => ":",
        0xFE68 => "\\",
        0x2100 or 0x2101 or 0x2105 or 0x2106 => "/",
        0x02DC or 0x223C => "~",
        _ => rune.ToString(),
    };

    // Other systems drop dots and blanks at a name's end: what is judged by one name would be another there.
    private static bool IsOddName(ReadOnlySpan<char> name) => name[^1] is '.' or ' ' || char.IsWhiteSpace(name[0]) || char.IsWhiteSpace(name[^1]) || !name.ContainsAnyExcept('.');
}
