// Text that speaks to a model, by what it is made of and not by single sentences (MCP-06): the classifier of models/injection over every window of a text, however long, and over what is wrapped in
// it. Its scores escalate, and never allow. What is beyond the budget is told as unread, and a person decides.
using System.Buffers;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Injection;

/// <param name="charsMax">Of a text and all that is wrapped in it, together.</param>
internal sealed class InjectionClassifier(Func<Outcome<InjectionModel>> model, int charsMax = InjectionClassifier.CharsMax) : ITextDetector
{
    /// <summary>Sixteen million characters are some 0.2 s.</summary>
    public const int CharsMax = 1 << 24;

    /// <summary>How often something may be wrapped.</summary>
    public const int DepthMax = 3;

    /// <summary>Shorter strings say nothing: names, numbers, identifiers.</summary>
    public const int BytesMin = 16;

    private static readonly SearchValues<byte> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);
    private static readonly SearchValues<byte> Signs = SearchValues.Create([.. Enumerable.Range(0, 0x80).Where(b => !char.IsAsciiLetter((char)b)).Select(b => (byte)b)]);

    private static readonly DetectorRule Likely = new("likely", "this text reads like orders to a model");
    private static readonly DetectorRule Strong = new("strong", "this text is most likely an attempt to give orders to a model");
    private static readonly DetectorRule Unread = new("unread", "this text is longer than the classifier may look at");

    public InjectionClassifier()
        : this(() => InjectionModel.BuiltIn)
    {
    }

    public string Name => "injection-model";

    public IReadOnlyList<DetectorRule> Rules { get; } = [Likely, Strong, Unread];

    // Off: of ordinary texts one in a hundred is told, and what is long has many of those; who wants it says so.
    public DetectorSettings Standard { get; } = new(Decision.Allow, Decision.Allow, RedactFromServer: false)
    {
        Rules = new Dictionary<string, Decision> { [Strong.Id] = Decision.RequireApproval, [Unread.Id] = Decision.RequireApproval },
    };

    // A file is looked at once and by a person: what is strong is worth a word.
    public DetectorSettings InFiles { get; } = new(Decision.Allow, Decision.Allow, RedactFromServer: false)
    {
        Rules = new Dictionary<string, Decision> { [Strong.Id] = Decision.Warn, [Unread.Id] = Decision.RequireApproval },
    };

    public IReadOnlyList<Anchor> Anchors => [];

    public Outcome<string> Ready() => model().Then(m => (Outcome<string>)$"featurizer {Featurizer.Version}, {m.Digest}");

    public DetectorCost Cost => DetectorCost.Model;

    // What is short and has no letter is no language, and one word of letters and digits (an identifier, a digest) is no sentence; too short to have one wrapped in it.
    public bool Suspects(ReadOnlySpan<byte> utf8) => utf8.Length >= Unwrapping.RunMin || (utf8.Length >= BytesMin && utf8.ContainsAnyExcept(Plain) && utf8.ContainsAnyExcept(Signs));

    public void FindIn(ReadOnlySpan<char> text, List<TextMatch> found)
    {
        if (!model().Try(out var loaded, out _))
        {
            // Nobody asks a detector that was not ready; if somebody does, nothing was looked at.
            found.Add(new(Unread, 0, text.Length));
            return;
        }
        var left = charsMax;
        var read = text[..Math.Min(text.Length, left)];
        left -= read.Length;
        var ranges = Ranges(loaded, read);
        foreach (var range in ranges ?? []) found.Add(new(range.Logit >= loaded.Strong ? Strong : Likely, range.Start, range.End - range.Start));
        for (var (at, run) = (0, Unwrapping.Next(read, 0)); run.Length > 0; run = Unwrapping.Next(read, at))
        {
            at = run.Start + run.Length;
            var (highest, isUnread) = Wrapped(loaded, read.Slice(run.Start, run.Length), ref left, 1);
            if (highest >= loaded.Likely) found.Add(new(highest >= loaded.Strong ? Strong : Likely, run.Start, run.Length));
            if (isUnread) found.Add(new(Unread, run.Start, run.Length));
        }
        if (read.Length < text.Length) found.Add(new(Unread, read.Length, text.Length - read.Length));
    }

    private static List<ScoredRange>? Ranges(InjectionModel model, ReadOnlySpan<char> text)
    {
        Span<WindowScan.Mark> ring = stackalloc WindowScan.Mark[WindowScan.RingMin];
        var scan = new WindowScan(model.Linear, ring, model.Likely);
        Featurizer.Run(text, ref scan);
        scan.Finish(text.Length);
        return scan.Ranges;
    }

    private static (float Highest, bool IsUnread) Wrapped(InjectionModel model, ReadOnlySpan<char> run, ref int left, int depth)
    {
        if (Unwrapping.Open(run, left, out var isCut) is not { } inner) return (float.NegativeInfinity, false);
        if (depth > DepthMax) return (float.NegativeInfinity, true);
        left -= inner.Length;
        var highest = float.NegativeInfinity;
        foreach (var range in Ranges(model, inner) ?? []) highest = Math.Max(highest, range.Logit);
        for (var (at, next) = (0, Unwrapping.Next(inner, 0)); next.Length > 0; next = Unwrapping.Next(inner, at))
        {
            at = next.Start + next.Length;
            var (deeper, isUnread) = Wrapped(model, inner.AsSpan(next.Start, next.Length), ref left, depth + 1);
            highest = Math.Max(highest, deeper);
            isCut |= isUnread;
        }
        return (highest, isCut);
    }
}
