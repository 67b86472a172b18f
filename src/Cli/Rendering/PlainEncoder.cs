// Escapes in JSON strings what JSON demands, and nothing else; what a terminal would obey is SafeText's business. The encoders of the framework escape more, and make tables of all of
// Unicode when the first of them is asked for, which takes longer than most commands take.
using System.Text.Encodings.Web;

namespace CabinCrew.Cli.Rendering;

internal sealed unsafe class PlainEncoder : JavaScriptEncoder
{
    private const string Hex = "0123456789ABCDEF";

    // \u001B
    public override int MaxOutputCharactersPerInputCharacter => 6;

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < ' ' or '"' or '\\';

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var span = new ReadOnlySpan<char>(text, textLength);
        for (var i = 0; i < span.Length; i++)
        {
            if (WillEncode(span[i])) return i;
            if (!char.IsSurrogate(span[i])) continue;
            // Half of a pair is no text: the writer puts U+FFFD in its place, if it is told.
            if (i + 1 == span.Length || !char.IsSurrogatePair(span[i], span[i + 1])) return i;
            i++;
        }
        return -1;
    }

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var named = unicodeScalar switch { '"' => '"', '\\' => '\\', '\n' => 'n', '\r' => 'r', '\t' => 't', '\b' => 'b', '\f' => 'f', _ => '\0' };
        ReadOnlySpan<char> escape = named != '\0' ? ['\\', named] : ['\\', 'u', .. Digits(unicodeScalar)];
        var fits = escape.TryCopyTo(new(buffer, bufferLength));
        numberOfCharactersWritten = fits ? escape.Length : 0;
        return fits;
    }

    private static ReadOnlySpan<char> Digits(int unit) => new[] { Hex[(unit >> 12) & 15], Hex[(unit >> 8) & 15], Hex[(unit >> 4) & 15], Hex[unit & 15] };
}
