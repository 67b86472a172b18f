// Reads a tokenizer: tokenizer.json as Hugging Face tokenizers write it, or a plain vocab.txt of BERT's kind. What is not known here is refused by name: a tokenizer that does something
// else than the model was trained with would make every score worthless, and nobody would see it.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.LocalModels.Tokens;

public static class TokenizerFile
{
    public const int BytesMax = 64 << 20;
    private const int IdMax = 4_000_000;
    private const int AddedMax = 4096;
    private const int AddedCharsMax = 256;

    private static readonly JsonLimits Limits = new(BytesMax, DepthMax: 32, ValuesMax: 6_000_000);

    public static Outcome<Tokenizer> Read(ReadOnlyMemory<byte> json)
    {
        if (!StrictJson.Parse(json, Limits).Try(out var root, out var malformed)) return Invalid($"the file is not JSON that can be taken: {malformed.Message}", malformed.Where);
        try
        {
            return Tokenizer(new(root, "")).Try(out var parts, out var problem) ? new Tokenizer(parts) : problem;
        }
        catch (JsonShapeException e)
        {
            return Invalid(e.Message, e.Where);
        }
    }

    /// <summary>A vocabulary, one token a line, with BERT's normalizer and the special tokens [UNK], [CLS] and [SEP].</summary>
    public static Outcome<Tokenizer> ReadVocabulary(ReadOnlySpan<byte> text, bool lowercase)
    {
        if (text.Length > BytesMax) return Invalid($"vocab.txt is larger than {BytesMax} bytes", null);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var id = 0;
        foreach (var line in Encoding.UTF8.GetString(text).TrimEnd('\n').Split('\n'))
            if (!vocabulary.TryAdd(line.TrimEnd(), id++)) return Invalid("vocab.txt has a token twice", $"line {id}");
        foreach (var needed in new[] { "[UNK]", "[CLS]", "[SEP]" })
            if (!vocabulary.ContainsKey(needed)) return Invalid($"vocab.txt has no {needed}", null);
        var normalizer = new BertNormalizer(cleanText: true, chineseAlone: true, stripAccents: lowercase, lowercase);
        var model = new WordPieceModel(vocabulary, "##", vocabulary["[UNK]"], wordCharsMax: 100);
        return new Tokenizer(new(normalizer, new BertPreTokenizer(), model, [], [vocabulary["[CLS]"]], [vocabulary["[SEP]"]], id - 1));
    }

    private static Outcome<TokenizerParts> Tokenizer(JsonNodeView root)
    {
        if (!Added(root).Try(out var added, out var wrong)) return wrong;
        var controls = added.Where(a => a.Special).Select(a => a.Token.Id).ToHashSet();
        if (!TokenModelReader.Read(root["model"], controls).Try(out var model, out wrong)) return wrong;
        Normalizer? normalizer = null;
        if (!root["normalizer"].IsNull && !NormalizerReader.Read(root["normalizer"]).Try(out normalizer, out wrong)) return wrong;
        PreTokenizer? preTokenizer = null;
        if (!root["pre_tokenizer"].IsNull && !PreTokenizerReader.Read(root["pre_tokenizer"]).Try(out preTokenizer, out wrong)) return wrong;
        if (!FrameReader.Read(root["post_processor"]).Try(out var frame, out wrong)) return wrong;
        var largest = added.Select(a => a.Token.Id).Append(model.LargestId).Concat(frame.Prefix).Concat(frame.Suffix).Max();
        if (largest > IdMax) return Invalid($"an id is larger than {IdMax}", null);
        return new TokenizerParts(normalizer, preTokenizer, model.Model, [.. added.Where(a => !a.Special).Select(a => (a.Token, a.Normalized))], frame.Prefix, frame.Suffix, largest);
    }

    private static Outcome<List<(AddedToken Token, bool Normalized, bool Special)>> Added(JsonNodeView root)
    {
        var added = new List<(AddedToken, bool, bool)>();
        foreach (var token in root["added_tokens"].Items)
        {
            var content = token["content"].Text;
            if (content.Length is 0 or > AddedCharsMax || added.Count == AddedMax) return Invalid($"there are more than {AddedMax} added tokens, or one is longer than {AddedCharsMax} characters", token.Where);
            added.Add((new(token["id"].Index, content, token["single_word"].Flag(false), token["lstrip"].Flag(false), token["rstrip"].Flag(false)), token["normalized"].Flag(true), token["special"].Flag(false)));
        }
        return added;
    }

    internal static Problem Invalid(string message, string? where) => new(ProblemCode.ModelInvalid, message) { Where = where is null or "" ? "the tokenizer" : $"the tokenizer: {where}" };
}
