// Numbers of telephones: international ones by their plus, country and length (E.164); national ones only beside a word for telephones. Not those kept for films and samples (555-01xx).
using System.Buffers;
using System.Collections.Frozen;

namespace CabinCrew.Governance.Detection.Personal;

internal static class PhoneNumbers
{
    public static readonly DetectorRule Rule = new("phone", "this looks like a number of a telephone");

    private const int CharsMax = 24;

    // Country code, and how many digits follow it at least and at most.
    private const string Codes =
        "1:10-10 7:10-10 20:8-10 27:9-9 30:10-10 31:9-9 32:8-9 33:9-9 34:9-9 36:8-9 39:8-11 40:9-9 41:9-9 43:7-13 44:9-10 45:8-8 46:7-10 47:8-8 48:9-9 49:7-12 51:8-9 52:10-10 53:6-8 54:10-11 55:10-11 56:9-9 57:8-10 58:10-10 60:8-10 61:9-9 62:8-12 63:8-10 64:8-10 65:8-8 66:8-9 " +
        "81:9-10 82:8-11 84:9-10 86:10-11 90:10-10 91:10-10 92:9-10 93:9-9 94:9-9 95:8-10 98:10-10 211:9-9 212:9-9 213:8-9 216:8-8 218:9-9 220:7-7 221:9-9 223:8-8 224:8-9 225:10-10 226:8-8 227:8-8 228:8-8 229:8-10 230:7-8 231:7-9 233:9-9 234:8-10 237:9-9 241:7-8 243:9-9 244:9-9 248:7-7 249:9-9 250:9-9 " +
        "251:9-9 252:7-9 254:9-9 255:9-9 256:9-9 258:8-9 260:9-9 261:9-9 263:8-9 264:8-9 265:7-9 267:7-8 297:7-7 350:8-8 351:9-9 352:6-9 353:7-9 354:7-7 355:8-9 356:8-8 357:8-8 358:6-10 359:8-9 370:8-8 371:8-8 372:7-8 373:8-8 374:8-8 375:9-9 376:6-6 377:8-9 378:8-10 380:9-9 381:8-9 382:8-8 383:8-8 385:8-9 386:8-8 387:8-8 389:8-8 " +
        "420:9-9 421:9-9 423:7-7 501:7-7 502:8-8 503:8-8 504:8-8 505:8-8 506:8-8 507:7-8 509:8-8 591:8-8 592:7-7 593:8-9 594:9-9 595:9-9 597:6-7 598:8-8 673:7-7 679:7-7 852:8-8 853:8-8 855:8-9 856:8-10 880:8-10 886:8-9 960:7-7 961:7-8 962:8-9 963:9-9 964:8-10 965:8-8 966:8-9 967:7-9 968:8-8 970:8-9 971:8-9 972:8-9 973:8-8 974:8-8 975:7-8 976:8-8 977:8-10 992:9-9 993:8-8 994:9-9 995:9-9 996:9-9 998:9-9";

    private static readonly FrozenDictionary<int, (int Least, int Most)> Lengths = Codes.Split(' ').Select(c => c.Split(':', '-')).ToFrozenDictionary(c => Parse(c[0]), c => (Parse(c[1]), Parse(c[2])));

    private static readonly string[] Words = ["phone", "telephone", "tel", "telefon", "mobile", "mobil", "cell", "handy", "fax", "whatsapp", "call us", "sms", "portable", "celular", "movil", "gsm"];

    private static readonly SearchValues<string> Known = SearchValues.Create(Words, StringComparison.OrdinalIgnoreCase);

    /// <summary>Behind a plus. How many characters it takes; 0: none.</summary>
    public static int International(ReadOnlySpan<char> text, int start)
    {
        Span<char> digits = stackalloc char[CharsMax];
        var length = Read(text, start, digits, out var count);
        if (count is < 8 or > 15 || !CheckDigits.IsVaried(digits[..count])) return 0;
        for (var code = 1; code <= 3; code++)
            if (Lengths.TryGetValue((int)CheckDigits.Number(digits[..code]), out var rest)) return count - code >= rest.Least && count - code <= rest.Most && !(code == 1 && digits[0] == '1' && !IsAmerican(digits[1..count])) ? length : 0;
        return 0;
    }

    /// <summary>As people of one country write it among themselves; beside a word for telephones.</summary>
    public static int National(ReadOnlySpan<char> text, int start, int reach)
    {
        if (!char.IsAsciiDigit(text[start])) return 0;
        Span<char> digits = stackalloc char[CharsMax];
        var length = Read(text, start, digits, out var count);
        if (count is < 9 or > 12 || !CheckDigits.IsVaried(digits[..count]) || !(digits[0] == '0' || count == 10 && IsAmerican(digits[..count]))) return 0;
        return NearWords.AreIn(text[Math.Max(0, start - reach)..start], Known, Words) ? length : 0;
    }

    // Area and exchange begin with 2 to 9; 555-01xx is nobody's.
    private static bool IsAmerican(ReadOnlySpan<char> ten) => ten.Length == 10 && ten[0] >= '2' && ten[3] >= '2' && ten[1..3] is not "11" && ten[4..6] is not "11" && !(ten[3..6] is "555" && ten[6..8] is "01");

    // Digits with single signs between them, and brackets.
    private static int Read(ReadOnlySpan<char> text, int start, Span<char> digits, out int count)
    {
        var at = start;
        var last = start;
        for (count = 0; at < text.Length && at - start < CharsMax; at++)
        {
            if (char.IsAsciiDigit(text[at]))
            {
                digits[count++] = text[at];
                last = at + 1;
            }
            else if (text[at] is not (' ' or '-' or '.' or '(' or ')') || (text[at] is ' ' or '-' or '.' && text[at - 1] is ' ' or '-' or '.'))
            {
                break;
            }
        }
        return last - start;
    }

    private static int Parse(string number) => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
}
