// What the framework does not have without ICU: decompositions, compositions and combining classes (Unicode, chapter 3.11), and categories of single characters as tokenizers use them.
using System.Collections.Frozen;
using System.Globalization;

namespace CabinCrew.LocalModels.Tokens;

internal static class UnicodeTables
{
    private const int HangulFirst = 0xAC00, LeadFirst = 0x1100, VowelFirst = 0x1161, TailFirst = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    private static readonly Lazy<Data> Loaded = new(Data.Load);

    public static int ClassOf(int codePoint) => codePoint < 0x300 ? 0 : Loaded.Value.Classes.GetValueOrDefault(codePoint);

    /// <summary>Adds what a character becomes, all the way down.</summary>
    public static void Decompose(int codePoint, bool compatibility, List<int> into)
    {
        if (codePoint < 0xA0)
        {
            into.Add(codePoint);
            return;
        }
        if (codePoint is >= HangulFirst and < HangulFirst + Leads * Vowels * Tails)
        {
            var index = codePoint - HangulFirst;
            into.Add(LeadFirst + index / (Vowels * Tails));
            into.Add(VowelFirst + index % (Vowels * Tails) / Tails);
            if (index % Tails > 0) into.Add(TailFirst + index % Tails);
            return;
        }
        if (!Loaded.Value.Canonical.TryGetValue(codePoint, out var parts) && !(compatibility && Loaded.Value.Compatible.TryGetValue(codePoint, out parts)))
        {
            into.Add(codePoint);
            return;
        }
        foreach (var part in parts!) Decompose(part, compatibility, into);
    }

    /// <summary>The character that two become together; -1 where there is none.</summary>
    public static int Compose(int first, int second)
    {
        if (first is >= LeadFirst and < LeadFirst + Leads && second is >= VowelFirst and < VowelFirst + Vowels)
            return HangulFirst + ((first - LeadFirst) * Vowels + second - VowelFirst) * Tails;
        if (first is >= HangulFirst and < HangulFirst + Leads * Vowels * Tails && (first - HangulFirst) % Tails == 0 && second is > TailFirst and < TailFirst + Tails)
            return first + second - TailFirst;
        return Loaded.Value.Compositions.GetValueOrDefault((first, second), -1);
    }

    public static bool IsWhiteSpace(int c) => c is (>= 9 and <= 13) or 0x20 or 0x85 or 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;

    public static bool IsNonSpacingMark(int c) => c >= 0x300 && Category(c) is UnicodeCategory.NonSpacingMark;

    public static bool IsMark(int c) => c >= 0x300 && Category(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>Cc, Cf, Co: what is cleaned away. A character that this Unicode does not know is not.</summary>
    public static bool IsOther(int c) => Category(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate;

    public static bool IsPunctuation(int c) => Category(c) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    public static bool IsLetter(int c) => Category(c) is >= UnicodeCategory.UppercaseLetter and <= UnicodeCategory.OtherLetter;

    public static bool IsNumber(int c) => Category(c) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static UnicodeCategory Category(int c) => CharUnicodeInfo.GetUnicodeCategory(c);

    private sealed record Data(
        FrozenDictionary<int, int[]> Canonical, FrozenDictionary<int, int[]> Compatible, FrozenDictionary<(int, int), int> Compositions, FrozenDictionary<int, int> Classes)
    {
        public static Data Load()
        {
            var (canonical, compatible, compositions, classes) = (new Dictionary<int, int[]>(), new Dictionary<int, int[]>(), new Dictionary<(int, int), int>(), new Dictionary<int, int>());
            using var reader = new StreamReader(typeof(Data).Assembly.GetManifestResourceStream("unicode.txt")!);
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('#')) continue;
                var words = line.Split(' ');
                var code = Hex(words[0]);
                if (words[1] == "^")
                {
                    classes[code] = int.Parse(words[2], CultureInfo.InvariantCulture);
                    continue;
                }
                var parts = words[2..].Select(Hex).ToArray();
                (words[1] == "~" ? compatible : canonical)[code] = parts;
                if (words[1] == "=" && parts.Length == 2) compositions[(parts[0], parts[1])] = code;
            }
            return new(canonical.ToFrozenDictionary(), compatible.ToFrozenDictionary(), compositions.ToFrozenDictionary(), classes.ToFrozenDictionary());
        }

        private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
