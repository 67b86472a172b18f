// The pre-tokenizers that tokenizer.json may name.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Tokens;

internal static class PreTokenizerReader
{
    private const int StepsMax = 32;

    public static Outcome<PreTokenizer> Read(JsonNodeView node)
    {
        switch (node["type"].Text)
        {
            case "Sequence":
                var steps = new List<PreTokenizer>();
                foreach (var item in node["pretokenizers"].Items)
                {
                    if (steps.Count == StepsMax) return TokenizerFile.Invalid($"there are more than {StepsMax} pre-tokenizers", item.Where);
                    if (!Read(item).Try(out var step, out var problem)) return problem;
                    steps.Add(step);
                }
                return new PreTokenizerSequence(steps);
            case "BertPreTokenizer": return new BertPreTokenizer();
            case "WhitespaceSplit": return new WhiteSpaceSplit();
            case "ByteLevel": return new ByteLevel(node["add_prefix_space"].Flag(true), node["use_regex"].Flag(true));
            case "Metaspace": return Marked(node);
            case var other: return TokenizerFile.Invalid($"the pre-tokenizer '{other}' is not known here", node.Where);
        }
    }

    private static Outcome<PreTokenizer> Marked(JsonNodeView node)
    {
        if (node["replacement"].TextOr("\u2581") is not [var mark] || char.IsSurrogate(mark)) return TokenizerFile.Invalid("the replacement must be one character", node.Where);
        // Older exports say add_prefix_space, newer ones prepend_scheme.
        var scheme = node["prepend_scheme"].TextOr(node["add_prefix_space"].Flag(true) ? "always" : "never");
        PrependScheme? prepend = scheme switch { "always" => PrependScheme.Always, "first" => PrependScheme.First, "never" => PrependScheme.Never, _ => null };
        return prepend is { } known ? new Metaspace(mark, known, node["split"].Flag(true)) : TokenizerFile.Invalid($"the prepend scheme '{scheme}' is not known here", node.Where);
    }
}

/// <summary>What stands before and after a text, of the post-processor.</summary>
internal sealed record TokenFrame(IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix);

internal static class FrameReader
{
    private const int SpecialsMax = 16;

    public static Outcome<TokenFrame> Read(JsonNodeView node)
    {
        if (node.IsNull) return new TokenFrame([], []);
        switch (node["type"].Text)
        {
            case "ByteLevel": return new TokenFrame([], []);
            case "BertProcessing" or "RobertaProcessing": return new TokenFrame([Second(node["cls"])], [Second(node["sep"])]);
            case "TemplateProcessing": return Template(node);
            case "Sequence":
                var frame = new TokenFrame([], []);
                foreach (var item in node["processors"].Items)
                {
                    if (!Read(item).Try(out var inner, out var problem)) return problem;
                    frame = new([.. inner.Prefix, .. frame.Prefix], [.. frame.Suffix, .. inner.Suffix]);
                }
                return frame.Prefix.Count + frame.Suffix.Count <= SpecialsMax ? frame : TokenizerFile.Invalid("there are too many special tokens around a text", node.Where);
            case var other: return TokenizerFile.Invalid($"the post-processor '{other}' is not known here", node.Where);
        }
    }

    private static int Second(JsonNodeView pair) => pair.Items.Select(i => i).ElementAtOrDefault(1).Index;

    private static Outcome<TokenFrame> Template(JsonNodeView node)
    {
        var (prefix, suffix, texts) = (new List<int>(), new List<int>(), 0);
        foreach (var part in node["single"].Items)
        {
            if (!part["Sequence"].IsNull)
            {
                texts++;
                continue;
            }
            foreach (var id in node["special_tokens"][part["SpecialToken"]["id"].Text]["ids"].Items) (texts == 0 ? prefix : suffix).Add(id.Index);
        }
        return texts == 1 && prefix.Count + suffix.Count <= SpecialsMax ? new TokenFrame(prefix, suffix) : TokenizerFile.Invalid("the template of a single text must have the text once, and few special tokens", node.Where);
    }
}
