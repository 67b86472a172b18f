// One content, looked through once: what it is, what the detectors see in it, what commands and changes in it would do, and the same again for what is wrapped in it.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Governance.Detection.Code;
using CabinCrew.Governance.Detection.Commands;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Scanning;

internal sealed class ScanLook(Scanner scanner, ScanContent content, CancellationToken ct)
{
    /// <summary>How far an anchor's look can see beyond and before its place.</summary>
    private const int Beyond = 1 << 13, Back = 1 << 11;

    /// <summary>All that is unwrapped of one content.</summary>
    private const int UnwrappedBytesMax = 64 << 20;

    private const int WordsBeforeMax = 60;

    private readonly List<ScanFinding> findings = [];
    // Most contents have no finding, and need none.
    private Dictionary<string, int>? alike;
    private int unwrapped, allowed, binaries;

    private string Shown => content.ShownAs ?? content.Name;

    /// <summary>Where a text stands that was unwrapped.</summary>
    /// <param name="Line">Of the file, where its own lines are none of the file's.</param>
    /// <param name="Name">What it is called; empty: nobody says.</param>
    private readonly record struct Place(string? Within, int? Line, int Depth, string Name);

    public ScanResult Run()
    {
        var bytes = content.Bytes;
        var isCut = content.IsCut || bytes.Length > Scanner.BytesMax;
        var kind = Look(bytes.Length > Scanner.BytesMax ? bytes[..Scanner.BytesMax] : bytes, new(null, null, 0, content.Name));
        if (isCut && kind == ScanKind.Text) NotAll("too-large", $"there is more of it than was looked at (at most {Scanner.BytesMax >> 20} MiB)");
        findings.Sort((a, b) => a.Line != b.Line ? a.Line.CompareTo(b.Line) : a.Column != b.Column ? a.Column.CompareTo(b.Column) : string.CompareOrdinal(a.Id, b.Id));
        return new(kind, findings, allowed) { BinariesWithin = binaries };
    }

    private ScanKind Look(ReadOnlyMemory<byte> bytes, Place place)
    {
        ct.ThrowIfCancellationRequested();
        if (Wrapped.IsGzip(bytes.Span)) return Unzip(bytes, place);
        if (ArchiveEntries.IsArchive(bytes.Span)) return Unpack(bytes, place);
        if ((ScanText.Of(bytes) ?? Forced(bytes, place)) is not { } utf8) return ScanKind.Binary;
        string? text = null;
        // Where no byte speaks for it, no text is made of them.
        if (IsSuspect(utf8.Span)) Texts(text = Encoding.UTF8.GetString(utf8.Span), place);
        if (scanner.Settings.Looks(ScanSettings.Commands)) Commands(ref text, utf8, place);
        if (scanner.Settings.Looks(ScanSettings.Code) && CodeReview.IsCode(place.Name, utf8.Span)) Code(text ?? Encoding.UTF8.GetString(utf8.Span), place);
        if (place.Depth < Wrapped.DepthMax) Unwrap(utf8, place);
        else if (Wrapped.Runs(utf8.Span, out _).Count > 0) NotAll("too-deep", $"wrapped more than {Wrapped.DepthMax} times, and not looked into");
        return ScanKind.Text;
    }

    // Whoever calls bytes a text will have them read as one.
    private ReadOnlyMemory<byte>? Forced(ReadOnlyMemory<byte> bytes, Place place)
    {
        if (!TextNames.Claims(place.Name)) return null;
        NotAll("not-text", $"called a text, and not one: looked through as it stands{(place.Within is null ? "" : $" (in {place.Within})")}");
        return ScanText.AsBytes(bytes);
    }

    private bool IsSuspect(ReadOnlySpan<byte> utf8)
    {
        if (Disguise.MayBeIn(utf8) || FirstLook.Suspects(utf8, scanner.Side.Whole) || FirstLook.Suspects(utf8, scanner.Side.Models)) return true;
        var any = false;
        scanner.Side.Anchors.Run(utf8, Back, Beyond, (_, _) => !(any = true));
        return any;
    }

    private void Texts(string text, Place place)
    {
        var found = TextLook.At(text, scanner.Side, Asked.All, out var isCut);
        if (isCut) NotAll("too-many", $"more than {TextDetection.FindingsMax} things were found in one text, and nobody looked at the rest");
        if (found.Count == 0) return;
        var lines = new Lines(text);
        foreach (var (detector, match) in found)
        {
            var (line, column) = lines.At(match.Start);
            var last = lines.At(Math.Max(match.Start, match.Start + match.Length - 1)).Line;
            var decision = scanner.Side.DecisionOf(detector.Name, match.Rule.Id);
            if (decision == Decision.Allow || !Counts(place, line, last)) continue;
            Add(place, detector.Name, match.Rule.Id, decision, line, column, match.Rule.Reason, text.AsSpan(match.Start, match.Length), Words(text.AsSpan(match.Start - (column - 1), column - 1)));
        }
    }

    private void Code(string text, Place place)
    {
        var isPart = content.Numbers is not null && place.Within is null;
        var found = CodeReview.Of(place.Name, text, isPart ? Hunks(text, content.Numbers!) : [(0, text.Length)], isPart);
        if (found.Count == 0) return;
        var lines = new Lines(text);
        foreach (var one in found)
        {
            var (line, column) = lines.At(one.At);
            var decision = scanner.Settings.DecisionOf(one.Rule);
            if (decision == Decision.Allow || !Counts(place, line, lines.At(Math.Max(one.At, one.End - 1)).Line)) continue;
            Add(place, ScanSettings.Code, one.Rule.Id, decision, line, column, one.Rule.Reason, text.AsSpan(one.At, one.End - one.At), $"{one.Word} {Words(text.AsSpan(one.At - (column - 1), column - 1))}");
        }
    }

    // What stands together in the file: a gap in the numbers of its lines is none in the code.
    private static List<(int Start, int End)> Hunks(string text, IReadOnlyList<int> numbers)
    {
        List<(int, int)> hunks = [];
        var (from, at) = (0, 0);
        for (var line = 0; at < text.Length; line++)
        {
            if (line > 0 && line < numbers.Count && numbers[line] != numbers[line - 1] + 1 && at > from)
            {
                hunks.Add((from, at));
                from = at;
            }
            at = text.IndexOf('\n', at) is >= 0 and var end ? end + 1 : text.Length;
        }
        if (from < text.Length) hunks.Add((from, text.Length));
        return hunks;
    }

    private void Commands(ref string? text, ReadOnlyMemory<byte> utf8, Place place)
    {
        var name = place.Name;
        if (!CommandTexts.MayHave(name, utf8.Span)) return;
        text ??= Encoding.UTF8.GetString(utf8.Span);
        var isPart = content.Numbers is not null && place.Within is null;
        HashSet<(string, int)> read = [];
        foreach (var part in CommandTexts.In(name, text, isPart))
            foreach (var found in CommandReview.Of(part.Text, part.Kind))
            {
                // A part of a script need not be readable by itself.
                if (isPart && found.Rule.Id == "unreadable") continue;
                if (part.IsReading && !read.Add((found.Rule.Id, found.Line))) continue;
                var decision = scanner.Settings.DecisionOf(found.Rule);
                // Before it is filled in, a template need not be YAML; what is in it is seen as text in any case.
                if (part.IsReading && found.Rule.Id == "unreadable" && decision > Decision.Warn) decision = Decision.Warn;
                var line = part.FirstLine + found.Line - 1;
                if (decision != Decision.Allow && Counts(place, line, line)) Add(place, ScanSettings.Commands, found.Rule.Id, decision, line, 1, found.Message, default, found.Target);
            }
    }

    private void Unwrap(ReadOnlyMemory<byte> utf8, Place place)
    {
        var isCut = false;
        foreach (var runs in (IReadOnlyList<WrappedRun>[])[Wrapped.Runs(utf8.Span, out var isCoded), Rewritten.Runs(utf8.Span, out var isWritten)])
        {
            isCut |= isCoded | isWritten;
            var (line, counted) = (1, 0);
            foreach (var run in runs)
            {
                line += utf8.Span[counted..run.At].Count((byte)'\n');
                counted = run.At;
                if (!Counts(place, line, line + utf8.Span.Slice(run.At, Math.Max(0, run.Length - 1)).Count((byte)'\n'))) continue;
                if (!Account(run.Bytes.Length)) return;
                // What is called a text may say so by a name; what stands in one has none.
                Look(run.Bytes, Inside(run.Form, place, TrueLine(place, line), ""));
            }
        }
        if (isCut) NotAll("too-large", "more, or more of it, is wrapped than is looked into");
    }

    private ScanKind Unzip(ReadOnlyMemory<byte> bytes, Place place)
    {
        if (place.Depth >= Wrapped.DepthMax)
        {
            NotAll("too-deep", $"wrapped more than {Wrapped.DepthMax} times, and not looked into");
            return ScanKind.Text;
        }
        if (Wrapped.Unzip(bytes, UnwrappedBytesMax - unwrapped) is not var (inner, isCut)) return ScanKind.Binary;
        Account(inner.Length);
        var name = place.Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? place.Name[..^3] : place.Name.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase) ? "" : place.Name;
        var kind = Look(inner, Inside("gzip", place, place.Line, name));
        if (isCut && kind == ScanKind.Text) NotAll("too-large", "unpacks to more than is looked at, or is damaged: nobody looked at the rest");
        return kind;
    }

    private ScanKind Unpack(ReadOnlyMemory<byte> bytes, Place place)
    {
        if (place.Depth >= Wrapped.DepthMax)
        {
            NotAll("too-deep", $"wrapped more than {Wrapped.DepthMax} times, and not looked into");
            return ScanKind.Text;
        }
        var kind = ScanKind.Binary;
        var entries = ArchiveEntries.In(bytes, out var isCut);
        foreach (var entry in entries)
        {
            ct.ThrowIfCancellationRequested();
            if (unwrapped >= UnwrappedBytesMax && !Account(1)) return ScanKind.Text;
            var (inner, isPart) = entry.Open(UnwrappedBytesMax - unwrapped);
            Account(inner.Length);
            var form = $"archive file {TextNames.Told(entry.Name)}";
            if (entry.Bytes is null)
            {
                NotAll("not-opened", $"an archive's file is encrypted, or packed in a way that is not known here, and nobody looked at it ({form})");
                kind = ScanKind.Text;
                continue;
            }
            if (isPart) NotAll("too-large", $"an archive's file unpacks to more than is looked at, or is damaged: nobody looked at the rest ({form})");
            if (Look(inner, Inside(form, place, place.Line, entry.Name)) == ScanKind.Text) kind = ScanKind.Text;
            else binaries++;
        }
        if (isCut) NotAll("too-large", "an archive with more files than are looked at, or a damaged one: nobody looked at the rest");
        return isCut ? ScanKind.Text : kind;
    }

    private static Place Inside(string form, Place place, int? line, string name) => new(place.Within is null ? form : $"{form} in {place.Within}", line, place.Depth + 1, name);

    private bool Account(int bytes)
    {
        if ((unwrapped += bytes) <= UnwrappedBytesMax) return true;
        NotAll("too-large", $"more than {UnwrappedBytesMax >> 20} MiB are wrapped in it, and nobody looked at the rest");
        return false;
    }

    // Lines of the text, not of the file.
    private bool Counts(Place place, int first, int last)
    {
        if (content.Lines is null || place.Line is not null) return true;
        for (var line = first; line <= last; line++)
            if (content.Lines.Contains(TrueLine(place, line))) return true;
        return false;
    }

    private int TrueLine(Place place, int line) => place.Line ?? (content.Numbers is { } numbers && place.Within is null ? numbers[Math.Clamp(line - 1, 0, numbers.Count - 1)] : line);

    private void Add(Place place, string detector, string rule, Decision decision, int line, int column, string message, ReadOnlySpan<char> found, string context)
    {
        if (scanner.Allowances.Allows(detector, rule, content.Name, found, out var expired))
        {
            allowed++;
            return;
        }
        // Written out, a line shows what was seen in it before as well.
        if (place.Line is { } told && place.Within is { } within && (within.StartsWith(Rewritten.Escapes, StringComparison.Ordinal) || within.StartsWith(Rewritten.Joined, StringComparison.Ordinal))
            && findings.Exists(f => f.Line == told && f.Detector == detector && f.Rule == rule)) return;
        if (expired is not null) message = $"{message}; {expired}";
        if (findings.Count > TextDetection.FindingsMax) return;
        if (findings.Count == TextDetection.FindingsMax)
        {
            NotAll("too-many", $"more than {TextDetection.FindingsMax} things were found in one file, and the rest is not told");
            return;
        }
        findings.Add(new(detector, rule, decision, Shown, TrueLine(place, line), place.Line is null ? column : 1, message, Fingerprint(detector, rule, context)) { Within = place.Within, Commit = content.Commit });
    }

    // Whoever did not look cannot say that there is nothing: a person decides.
    private void NotAll(string rule, string message)
    {
        if (findings.Exists(f => f.Detector == TextDetection.NotAll && f.Rule == rule)) return;
        findings.Add(new(TextDetection.NotAll, rule, Decision.RequireApproval, Shown, 1, 1, message, Fingerprint(TextDetection.NotAll, rule, "")) { Commit = content.Commit });
    }

    private string Fingerprint(string detector, string rule, string context)
    {
        var told = $"{detector}\0{rule}\0{Shown}\0{context}";
        alike ??= new(StringComparer.Ordinal);
        var times = alike.GetValueOrDefault(told);
        alike[told] = times + 1;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{told}\0{times}")).AsSpan(0, 8));
    }

    // What stands before a finding in its line, without anything that could be a secret itself: short words of letters.
    private static string Words(ReadOnlySpan<char> before)
    {
        if (before.Length > WordsBeforeMax) before = before[^WordsBeforeMax..];
        var words = new StringBuilder();
        foreach (var range in before.SplitAny(" \t\"'`=:,;()[]{}<>"))
            if (before[range] is { Length: > 0 and <= 24 } word && !word.ContainsAnyExcept(Letters)) words.Append(word).Append(' ');
        return words.ToString();
    }

    private static readonly System.Buffers.SearchValues<char> Letters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.");

    /// <summary>Where lines begin; made only for a text in which something was found.</summary>
    private sealed class Lines
    {
        private readonly List<int> starts = [0];

        public Lines(string text)
        {
            for (var i = text.IndexOf('\n'); i >= 0; i = text.IndexOf('\n', i + 1)) starts.Add(i + 1);
        }

        public (int Line, int Column) At(int index)
        {
            var found = starts.BinarySearch(index);
            var line = found >= 0 ? found : ~found - 1;
            return (line + 1, index - starts[line] + 1);
        }
    }
}
