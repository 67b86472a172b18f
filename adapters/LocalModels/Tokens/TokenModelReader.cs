// The models that tokenizer.json may hold. Where an export has no "type", what it has tells which one it is, as the reference does.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Tokens;

internal sealed record ReadModel(TokenModel Model, int LargestId);

internal static class TokenModelReader
{
    public static Outcome<ReadModel> Read(JsonNodeView node, IReadOnlySet<int> controls)
    {
        var type = node["type"].TextOr(!node["merges"].IsNull ? "BPE" : node["vocab"].IsArray ? "Unigram" : "WordPiece");
        return type switch
        {
            "WordPiece" => WordPiece(node, controls),
            "BPE" => BytePair(node, controls),
            "Unigram" => Unigram(node, controls),
            _ => TokenizerFile.Invalid($"the model '{type}' is not known here", node.Where),
        };
    }

    private static Outcome<ReadModel> WordPiece(JsonNodeView node, IReadOnlySet<int> controls)
    {
        if (!Vocabulary(node, out var all, out var largest)) return Empty(node);
        if (!all.TryGetValue(node["unk_token"].TextOr("[UNK]"), out var unknown)) return TokenizerFile.Invalid("the token for what is unknown is not in the vocabulary", node.Where);
        var wordCharsMax = node["max_input_chars_per_word"].IsNull ? 100 : node["max_input_chars_per_word"].Index;
        if (wordCharsMax is 0 or > WordPieceModel.WordCharsLimit) return TokenizerFile.Invalid($"max_input_chars_per_word must be 1 to {WordPieceModel.WordCharsLimit}", node.Where);
        return new ReadModel(new WordPieceModel(Without(all, controls), node["continuing_subword_prefix"].TextOr("##"), unknown, wordCharsMax), largest);
    }

    private static Outcome<ReadModel> BytePair(JsonNodeView node, IReadOnlySet<int> controls)
    {
        if (!node["dropout"].IsNull && node["dropout"].Number > 0) return TokenizerFile.Invalid("dropout makes tokens random", node.Where);
        foreach (var affix in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
            if (node[affix].TextOr("").Length > 0) return TokenizerFile.Invalid($"'{affix}' is not known here", node.Where);
        if (!Vocabulary(node, out var all, out var largest)) return Empty(node);
        var merges = new Dictionary<long, (int, int)>();
        var rank = 0;
        foreach (var merge in node["merges"].Items)
        {
            if (Halves(merge) is not var (left, right)) return TokenizerFile.Invalid("a merge is two tokens", merge.Where);
            if (!all.TryGetValue(left, out var leftId) || !all.TryGetValue(right, out var rightId) || !all.TryGetValue(left + right, out var joined))
                return TokenizerFile.Invalid("a merge is of tokens that the vocabulary does not have", merge.Where);
            // Said twice, the later counts, as in the reference.
            if (!controls.Contains(joined)) merges[BytePairModel.Pair(leftId, rightId)] = (rank, joined);
            rank++;
        }
        if (!Bytes(node, all).Try(out var bytes, out var problem)) return problem;
        var unknown = -1;
        if (node["unk_token"].TextOr("") is { Length: > 0 } name && !all.TryGetValue(name, out unknown)) return TokenizerFile.Invalid("the token for what is unknown is not in the vocabulary", node.Where);
        return new ReadModel(
            new BytePairModel(Without(all, controls), merges, unknown, node["fuse_unk"].Flag(false), node["ignore_merges"].Flag(false), bytes.Length == 0 ? null : bytes), largest);
    }

    private static Outcome<ReadModel> Unigram(JsonNodeView node, IReadOnlySet<int> controls)
    {
        var vocabulary = new List<(string, double)>();
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in node["vocab"].Items)
        {
            var pair = entry.Items.Take(3).ToArray();
            if (pair.Length != 2) return TokenizerFile.Invalid("an entry is a token and its score", entry.Where);
            ids[pair[0].Text] = vocabulary.Count;
            vocabulary.Add((pair[0].Text, pair[1].Score));
        }
        if (vocabulary.Count == 0) return Empty(node);
        if (node["unk_id"].IsNull || node["unk_id"].Index >= vocabulary.Count) return TokenizerFile.Invalid("'unk_id' must name an entry of the vocabulary", node.Where);
        if (!Bytes(node, ids).Try(out var bytes, out var problem)) return problem;
        return new ReadModel(new UnigramModel(vocabulary, node["unk_id"].Index, controls, bytes.Length == 0 ? null : bytes), vocabulary.Count - 1);
    }

    private static bool Vocabulary(JsonNodeView node, out Dictionary<string, int> all, out int largest)
    {
        all = node["vocab"].Members.ToDictionary(m => m.Name, m => m.Value.Index, StringComparer.Ordinal);
        largest = all.Count == 0 ? 0 : all.Values.Max();
        return all.Count > 0;
    }

    private static Problem Empty(JsonNodeView node) => TokenizerFile.Invalid("the vocabulary is empty", node.Where);

    private static Dictionary<string, int> Without(Dictionary<string, int> all, IReadOnlySet<int> controls) =>
        all.Where(t => !controls.Contains(t.Value)).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal);

    // "a b" in older exports, ["a", "b"] in newer ones.
    private static (string Left, string Right)? Halves(JsonNodeView merge)
    {
        if (!merge.IsText) return merge.Items.Take(3).ToArray() is [var left, var right] ? (left.Text, right.Text) : null;
        return merge.Text.Split(' ') is [var l, var r] ? (l, r) : null;
    }

    // Empty where unknown characters do not fall back to bytes. The reference falls back only where all 256 are there.
    private static Outcome<int[]> Bytes(JsonNodeView node, Dictionary<string, int> ids)
    {
        if (!node["byte_fallback"].Flag(false)) return Array.Empty<int>();
        var bytes = Enumerable.Range(0, 256).Select(b => ids.GetValueOrDefault($"<0x{b:X2}>", -1)).ToArray();
        return !bytes.Contains(-1) ? bytes : TokenizerFile.Invalid("'byte_fallback' needs a token for each byte, from <0x00> to <0xFF>", node.Where);
    }
}
