// Cuts findings out of a JSON text and puts placeholders in their place (MCP-06): everything else stays byte for byte as it was, and the text stays well-formed. The same secret has
// the same placeholder, so that whoever reads the result can still tell things apart; without the key nobody can tell from a placeholder what stood there.
using System.Buffers;
using System.Text;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Governance.Detection;

/// <param name="key">For the placeholders: 16 bytes or more that stay secret, the same as long as placeholders are to be the same.</param>
public sealed class Redaction(byte[] key)
{
    /// <summary>Without those findings that are to be cut out. The same bytes where there are none.</summary>
    public ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> json, IReadOnlyList<Finding> findings)
    {
        var cuts = Cuts(json, findings);
        if (cuts.Count == 0) return json;
        var result = new ArrayBufferWriter<byte>(json.Length + 64);
        var copied = 0;
        foreach (var cut in cuts)
        {
            result.Write(json.Span[copied..cut.Start]);
            result.Write(cut.Instead);
            copied = cut.Start + cut.Length;
        }
        result.Write(json.Span[copied..]);
        return result.WrittenMemory;
    }

    /// <summary>What goes, and what stands in its place, in the text's order, for those who change more of it than that. What overlaps goes as one.</summary>
    public IReadOnlyList<(int Start, int Length, byte[] Instead)> Cuts(ReadOnlyMemory<byte> json, IReadOnlyList<Finding> findings)
    {
        List<Finding> cut = [.. findings.Where(f => f.Redact).OrderBy(f => f.Start)];
        var cuts = new List<(int, int, byte[])>();
        for (var i = 0; i < cut.Count;)
        {
            var first = cut[i];
            var end = first.Start + first.Length;
            for (i++; i < cut.Count && cut[i].Start < end; i++) end = Math.Max(end, cut[i].Start + cut[i].Length);
            var placeholder = Placeholder(first, json.Span[first.Start..end]);
            cuts.Add((first.Start, end - first.Start, Encoding.UTF8.GetBytes(first.IsNumber ? $"\"{placeholder}\"" : placeholder)));
        }
        return cuts;
    }

    private string Placeholder(Finding finding, ReadOnlySpan<byte> raw)
    {
        if (finding.Detector == Detectors.Mapped) return Redactor.Placeholder(Plain(finding.Rule));
        // By what it means: however it is spelled or disguised, it is the same secret.
        return PlaceholderScope.Placeholder(key, finding.Rule, Disguise.Plain(JsonText.Unescape(raw)));
    }

    // A secret's name is a configuration's own word, but it goes into JSON as it is.
    private static string Plain(string name) => string.Concat(name.Select(c => c is '"' or '\\' || char.IsControl(c) ? '_' : c));
}
