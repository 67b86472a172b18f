// The labelled texts: JSON Lines with `text`, `label` (1 an attack), `source` and `kind`, in the file's order. A text as features is kept with it: what the product would see, bit for bit.
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Detection.Injection;

namespace CabinCrew.InjectionTrainer;

/// <param name="Features">Buckets, in the text's order.</param>
/// <param name="Ends">For each word, how many features there are up to its end.</param>
internal sealed record Example(string Text, bool IsAttack, string Source, string Kind, int[] Features, int[] Ends)
{
    /// <summary>What is left out together: sources that are written by the same hand.</summary>
    public string Family => Source switch
    {
        "own/grammar2" or "own/embedded2" => "own/grammar2+embedded2",
        "own/template" or "own/embedded" => "own/template+embedded",
        _ => Source,
    };

    /// <summary>Made by a program and not by people.</summary>
    public bool IsOwn => Source.StartsWith("own/", StringComparison.Ordinal);

    public static Example Of(string text, bool isAttack, string source = "", string kind = "")
    {
        var sink = new Collector([], []);
        Featurizer.Run(text, ref sink);
        return new(text, isAttack, source, kind, [.. sink.Features], [.. sink.Ends]);
    }

    private readonly struct Collector(List<int> features, List<int> ends) : IFeatureSink
    {
        public List<int> Features { get; } = features;

        public List<int> Ends { get; } = ends;

        public void Feature(int bucket) => Features.Add(bucket);

        public void Word(int start, int end) => Ends.Add(Features.Count);
    }
}

internal static class Corpus
{
    /// <param name="file">JSON Lines in UTF-8.</param>
    public static List<Example> Read(byte[] file)
    {
        List<Example> examples = [];
        using var lines = new StreamReader(new MemoryStream(file));
        while (lines.ReadLine() is { } line)
        {
            using var json = JsonDocument.Parse(line);
            var row = json.RootElement;
            var (text, isAttack) = (row.GetProperty("text").GetString()!, row.GetProperty("label").GetInt32() == 1);
            // What is wrapped is judged by what is in it, and never by being wrapped.
            examples.Add(Example.Of(isAttack ? Unwrapped(text) : text, isAttack, row.GetProperty("source").GetString()!, row.GetProperty("kind").GetString()!));
        }
        return examples;
    }

    /// <summary>Ordinary documents with a part of them wrapped: that something is wrapped tells nothing.</summary>
    public static IEnumerable<Example> Wrapped(IEnumerable<Example> documents)
    {
        foreach (var (i, document) in documents.Where(e => !e.IsAttack && e.Kind is "document" or "code").Index())
        {
            if (i % 4 != 0) continue;
            var bytes = Encoding.UTF8.GetBytes(document.Text.AsSpan(0, Math.Min(document.Text.Length, 300)).ToString());
            yield return Example.Of($"{document.Text[..(document.Text.Length / 2)]}\n{(i % 8 == 0 ? Convert.ToBase64String(bytes) : Convert.ToHexStringLower(bytes))}\n", false, document.Source, document.Kind);
        }
    }

    private static string Unwrapped(string text)
    {
        for (var (at, run) = (0, Unwrapping.Next(text, 0)); run.Length > 0; run = Unwrapping.Next(text, at))
        {
            var inner = Unwrapping.Open(text.AsSpan(run.Start, run.Length), 1 << 16, out _);
            if (inner is not null) text = $"{text[..run.Start]}{inner}{text[(run.Start + run.Length)..]}";
            at = run.Start + (inner?.Length ?? run.Length);
        }
        return text;
    }

    /// <summary>Those of <paramref name="from"/> that are not nearly one of <paramref name="held"/>: half or more of the shorter one's runs of five words are the other's as well.</summary>
    public static List<Example> WithoutNear(IReadOnlyList<Example> from, IReadOnlyList<Example> held)
    {
        Dictionary<uint, List<int>> places = [];
        int[] sizes = [.. held.Select(_ => 0)];
        for (var i = 0; i < held.Count; i++)
        {
            var shingles = Shingles(held[i].Text);
            sizes[i] = shingles.Count;
            foreach (var shingle in shingles)
                (CollectionsMarshal.GetValueRefOrAddDefault(places, shingle, out _) ??= []).Add(i);
        }
        List<Example> left = [];
        Dictionary<int, int> shared = [];
        foreach (var example in from)
        {
            shared.Clear();
            var own = Shingles(example.Text);
            foreach (var shingle in own)
                if (places.TryGetValue(shingle, out var at))
                    foreach (var i in at) CollectionsMarshal.GetValueRefOrAddDefault(shared, i, out _)++;
            if (!shared.Any(s => 2 * s.Value >= Math.Min(own.Count, sizes[s.Key]))) left.Add(example);
        }
        return left;
    }

    private static HashSet<uint> Shingles(string text)
    {
        List<uint> words = [];
        var word = 0u;
        foreach (var c in text)
        {
            var b = LetterFold.Of(c);
            if (b != LetterFold.Nothing && LetterFold.IsLetter[b]) word = word * 31 + b;
            else if (b != LetterFold.Nothing && word != 0)
            {
                words.Add(word);
                word = 0;
            }
        }
        if (word != 0) words.Add(word);
        const int run = 5;
        HashSet<uint> shingles = [];
        for (var i = 0; i == 0 || i + run <= words.Count; i++)
        {
            var hash = 17u;
            for (var j = i; j < Math.Min(words.Count, i + run); j++) hash = hash * 0x01000193 + words[j] * 0x9E3779B1;
            shingles.Add(hash);
        }
        return shingles;
    }
}
