// The beginning of what a message says, for a record or for the person who is asked: what detectors marked is replaced, and every known secret redacted (AUD-04). Pure.
using System.Text;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Gateways.Firewall;

internal static class Excerpts
{
    public static (string Text, bool Cut) Of(MessageSubject subject, ScanReport scan, Redactor redactor, int charsMax)
    {
        var all = subject.Content.Span;
        if (all.IsEmpty) return ("", false);
        // Found and not marked where: then nothing of it is shown.
        if (scan.Cuts.Count == 0 && scan.Findings.Count > 0) return ("[not shown: something was found in it]", true);
        var begin = MessageEdits.OffsetOf(subject.Frame, subject.Content);
        if (begin < 0) return ("[not shown]", true);
        var (end, text) = (begin + all.Length, new StringBuilder());
        var at = 0;
        foreach (var cut in scan.Cuts.Where(c => c.Offset >= begin && c.Offset < end).OrderBy(c => c.Offset))
        {
            var offset = cut.Offset - begin;
            if (offset < at || offset > all.Length - cut.Length) return ("[not shown]", true);
            text.Append(Encoding.UTF8.GetString(all[at..offset])).Append(Encoding.UTF8.GetString(cut.Instead.Span));
            at = offset + cut.Length;
            if (text.Length > charsMax) break;
        }
        // Redacted before it is cut, lest half a secret stays; more than any secret's length beyond the cut need not be looked at.
        var rest = all[at..];
        text.Append(Encoding.UTF8.GetString(rest[..Math.Min(rest.Length, 4 * charsMax + SecretBytesMax)]));
        var redacted = redactor.Redact(text.ToString());
        return (Plain.Text(redacted, charsMax), redacted.Length > charsMax || rest.Length > 4 * charsMax + SecretBytesMax);
    }

    private const int SecretBytesMax = 16 * 1024;
}
