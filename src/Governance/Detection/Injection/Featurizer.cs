// Turns text into features for the classifier: hashes of runs of four bytes of what LetterFold makes of it, and of words, pairs, pairs around a word, and threes of words. Integers only, the same
// code for training and for use, so that both see the same, bit for bit, on any machine. One pass, no allocation, bounded work for each character.
using System.Runtime.CompilerServices;

namespace CabinCrew.Governance.Detection.Injection;

/// <summary>Takes what the featurizer sees, in the text's order.</summary>
internal interface IFeatureSink
{
    /// <param name="bucket">0 to 2^<see cref="Featurizer.Bits"/> - 1.</param>
    void Feature(int bucket);

    /// <summary>A word is over, and what was said since the last one belongs to it. Long words, and long stretches without any, count as several.</summary>
    /// <param name="start">Where in the text it begins.</param>
    /// <param name="end">The place after it.</param>
    void Word(int start, int end);
}

internal static class Featurizer
{
    /// <summary>Raised whenever the same text has other features: models name the one that they were trained with.</summary>
    public const int Version = 1;

    public const int Bits = 20;
    public const int Buckets = 1 << Bits;

    /// <summary>Letters of a word, and signs between words, before another one is counted.</summary>
    private const int WordMax = 32;

    /// <summary>So many letters that stand alone, one sign apart, are a word that is spelled.</summary>
    private const int SpelledMin = 4;

    private const uint Start = 0x811C9DC5, Prime = 0x01000193, Spread = 0x9E3779B1;

    public static void Run<TSink>(ReadOnlySpan<char> text, ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
    {
        var state = new State();
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            var b = LetterFold.Of(c);
            var width = 1;
            if (c is '\\' or (>= '\uD800' and <= '\uDBFF') && at + 1 < text.Length)
            {
                var next = text[at + 1];
                if (char.IsLowSurrogate(next) && c != '\\') (b, width) = (LetterFold.Of(c, next), 2);
                // A line's end as strings within strings spell it.
                else if (c == '\\' && next is 'n' or 'r' or 't') (b, width) = (LetterFold.Space, 2);
            }
            if (b == LetterFold.Nothing) { }
            else if (LetterFold.IsLetter[b]) state.Letter(b, at, at + width, ref sink);
            else state.Sign(b, at, ref sink);
            at += width - 1;
        }
        state.End(text.Length, ref sink);
    }

    private static int Bucket(uint hash) => (int)(hash * Spread >> (32 - Bits));

    private ref struct State
    {
        private uint gram, word, before, beforeThat;
        private int letters, signs, start, gap;
        private byte last, only, sign;

        // Letters that stand alone, and the words before them.
        private uint spelled, spelledGram, spelledBefore, spelledBeforeThat;
        private int spelledLetters;
        private byte spelledSign;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Letter<TSink>(byte b, int at, int end, ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
        {
            if (letters == 0) (start, word) = (at, Start);
            // A run of digits counts as one.
            if (b == '0' && last == '0' && letters > 0) return;
            word = (word ^ b) * Prime;
            gram = (gram << 8) | b;
            sink.Feature(Bucket(gram ^ (gram >> 15)));
            last = only = b;
            if (++letters == WordMax) Close(end, ref sink);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Sign<TSink>(byte b, int at, ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
        {
            if (letters > 0) Close(at, ref sink);
            (gap, sign) = (gap + 1, b);
            // Runs of one sign count as one, and so do spaces after a sign.
            if (b == last || (b == LetterFold.Space && !LetterFold.IsLetter[last])) return;
            last = b;
            gram = (gram << 8) | b;
            sink.Feature(Bucket(gram ^ (gram >> 15)));
            if (signs++ == 0) start = at;
            if (signs < WordMax) return;
            signs = 0;
            sink.Word(start, at + 1);
        }

        public void End<TSink>(int end, ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
        {
            if (letters > 0) Close(end, ref sink);
            gap = 2;
            Spell(ref sink);
            sink.Word(end, end);
        }

        private void Close<TSink>(int end, ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
        {
            if (letters == 1 && only >= 'a') Alone(ref sink);
            else Spell(ref sink);
            Say(word, ref sink);
            (letters, signs, gap) = (0, 0, 0);
            sink.Word(start, end);
        }

        private void Say<TSink>(uint said, ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
        {
            var one = said * 0x85EBCA6B ^ (said >> 13);
            sink.Feature(Bucket(one + 1));
            sink.Feature(Bucket(before * 31 + one + 2));
            sink.Feature(Bucket(beforeThat * 37 + one + 3));
            sink.Feature(Bucket((beforeThat * 41 + before) * 43 + one + 4));
            (beforeThat, before) = (before, one);
        }

        private void Alone<TSink>(ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
        {
            // The same sign stands between all of them: another one, or more than one, ends the word.
            if (spelledLetters == 1) spelledSign = sign;
            if (spelledLetters > 0 && (gap != 1 || sign != spelledSign)) Spell(ref sink);
            if (spelledLetters == 0) (spelled, spelledGram, spelledBefore, spelledBeforeThat) = (Start, gram & 0xFF00, before, beforeThat);
            spelled = (spelled ^ only) * Prime;
            spelledGram = (spelledGram << 8) | only;
            if (++spelledLetters >= SpelledMin) sink.Feature(Bucket(spelledGram ^ (spelledGram >> 15)));
        }

        private void Spell<TSink>(ref TSink sink) where TSink : struct, IFeatureSink, allows ref struct
        {
            if (spelledLetters >= SpelledMin)
            {
                (before, beforeThat) = (spelledBefore, spelledBeforeThat);
                Say(spelled, ref sink);
            }
            spelledLetters = 0;
        }
    }
}
