// The normalizers that tokenizer.json may name.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Tokens;

internal static class NormalizerReader
{
    private const int StepsMax = 32;

    /// <summary>The one regular expression that exports have here: a run of spaces.</summary>
    private const string SpaceRun = " {2,}";

    public static Outcome<Normalizer> Read(JsonNodeView node)
    {
        switch (node["type"].Text)
        {
            case "Sequence":
                var steps = new List<Normalizer>();
                foreach (var item in node["normalizers"].Items)
                {
                    if (steps.Count == StepsMax) return TokenizerFile.Invalid($"there are more than {StepsMax} normalizers", item.Where);
                    if (!Read(item).Try(out var step, out var problem)) return problem;
                    steps.Add(step);
                }
                return new NormalizerSequence(steps);
            case "BertNormalizer":
                var lowercase = node["lowercase"].Flag(true);
                return new BertNormalizer(node["clean_text"].Flag(true), node["handle_chinese_chars"].Flag(true), node["strip_accents"].Flag(lowercase), lowercase);
            case "Lowercase": return new LowercaseNormalizer();
            case "NFC": return new UnicodeFormNormalizer(compatibility: false, compose: true);
            case "NFD": return new UnicodeFormNormalizer(compatibility: false, compose: false);
            case "NFKC": return new UnicodeFormNormalizer(compatibility: true, compose: true);
            case "NFKD": return new UnicodeFormNormalizer(compatibility: true, compose: false);
            case "StripAccents": return new StripAccentsNormalizer();
            case "Strip": return new StripNormalizer(node["strip_left"].Flag(true), node["strip_right"].Flag(true));
            case "Prepend": return new PrependNormalizer(node["prepend"].Text);
            case "Precompiled": return node["precompiled_charsmap"].IsNull ? new NormalizerSequence([]) : CharsMapNormalizer.Of(node["precompiled_charsmap"].Text);
            case "Replace": return Replace(node);
            case var other: return TokenizerFile.Invalid($"the normalizer '{other}' is not known here", node.Where);
        }
    }

    private static Outcome<Normalizer> Replace(JsonNodeView node)
    {
        var (pattern, content) = (node["pattern"], node["content"].Text);
        if (!pattern["String"].IsNull && pattern["String"].Text is { Length: > 0 } text) return new ReplaceNormalizer(text, repeatsMin: 0, content);
        return !pattern["Regex"].IsNull && pattern["Regex"].Text == SpaceRun
            ? new ReplaceNormalizer(" ", repeatsMin: 2, content)
            : TokenizerFile.Invalid($"a pattern must be a text, or the regular expression '{SpaceRun}'", node.Where);
    }
}
