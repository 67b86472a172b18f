// What a character counts as when text is made ready for the classifier: one byte, so that letters in disguise (full width, mathematical, circled, from other alphabets, with accents) are the
// letters that a model takes them for, and what nobody sees is not there. A table, made once, without the platform's own: the same on every machine. Part of Featurizer.Version.
namespace CabinCrew.Governance.Detection.Injection;

internal static class LetterFold
{
    /// <summary>What is passed over as if it were not there.</summary>
    public const byte Nothing = 0;

    public const byte Space = (byte)' ';

    /// <summary>Letters and digits; of other alphabets as well (from 0x80 on).</summary>
    public static readonly bool[] IsLetter = [.. Enumerable.Range(0, 256).Select(b => b is (>= 'a' and <= 'z') or '0' or >= 0x80)];

    // U+00C0 to U+017F without their accents.
    private const string Accented = "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
        + "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    // A letter, and what looks like it: Greek, Cyrillic, small capitals, phonetic and letterlike signs.
    private static readonly string[] Lookalikes =
    [
        "aΑαАаᴀɑ", "bΒВвЬьʙℬ", "cСсᴄϲℂℭ", "dԀԁᴅⅅⅆ", "eΕεЕеЁёᴇℯℰ℮ⅇ", "fꜰℱ", "gɡɢℊ", "hΗНнһҺʜℋℌℍℎℏ", "iΙιІіЇїɪℐℑℹⅈ", "jЈјᴊⅉ", "kΚκКкᴋ\u212A", "lʟℒℓӀӏ", "mΜМмᴍℳ", "nΝηɴℕ",
        "oΟοОоᴏℴ", "pΡρРрᴘ℘ℙ", "qԚԛℚ", "rГгʀℛℜℝ", "sЅѕꜱ", "tΤτТтᴛ", "uυᴜ", "vνᴠѴѵ", "wԜԝᴡѡ", "xΧχХхҲҳ", "yΥУуʏγ", "zΖᴢℤℨ", "-‐‑‒–—―−", "\"“”„‟«»", "/⁄∕", ".…·。", ",،，、", ":：", "!！", "<‹", ">›",
    ];

    private static readonly byte[] Table = Make();

    /// <param name="c">No surrogate.</param>
    public static byte Of(char c) => Table[c];

    /// <summary>A character beyond the first 65,536.</summary>
    public static byte Of(char high, char low)
    {
        var code = char.ConvertToUtf32(high, low);
        return code switch
        {
            >= 0x1D400 and <= 0x1D6A3 => (byte)('a' + (code - 0x1D400) % 26),
            >= 0x1D7CE and <= 0x1D7FF => (byte)'0',
            // Squared, negative squared, and the letters of flags.
            >= 0x1F130 and <= 0x1F149 => (byte)('a' + code - 0x1F130),
            >= 0x1F150 and <= 0x1F169 => (byte)('a' + code - 0x1F150),
            >= 0x1F170 and <= 0x1F189 => (byte)('a' + code - 0x1F170),
            >= 0x1F1E6 and <= 0x1F1FF => (byte)('a' + code - 0x1F1E6),
            // Tags spell ASCII that nobody sees.
            >= 0xE0020 and <= 0xE007E => Table[code & 0x7F],
            >= 0xE0000 and <= 0xE01EF => Nothing,
            >= 0x1F000 => Space,
            _ => Other(code),
        };
    }

    private static byte Other(int code) => (byte)(0x80 | ((code ^ (code >> 7)) & 0x7F));

    private static byte[] Make()
    {
        var table = new byte[char.MaxValue + 1];
        for (var c = 0; c < table.Length; c++) table[c] = Plain((char)c);
        for (var i = 0; i < Accented.Length; i++) table[0xC0 + i] = (byte)Accented[i];
        foreach (var letters in Lookalikes)
            foreach (var c in letters.AsSpan(1)) table[c] = (byte)letters[0];
        for (var i = 0; i < 26; i++) table[0x249C + i] = table[0x24B6 + i] = table[0x24D0 + i] = (byte)('a' + i);
        // Full width.
        for (var c = '!'; c <= '~'; c++) table[0xFF01 - '!' + c] = table[c];
        return table;
    }

    private static byte Plain(char c) => c switch
    {
        '\'' or '\u2018' or '\u2019' or '\u201B' or '\u02BC' => Nothing,
        >= 'A' and <= 'Z' => (byte)(c | 0x20),
        >= '0' and <= '9' or (>= '\u2460' and <= '\u249B') => (byte)'0',
        > ' ' and < '\u007F' => (byte)c,
        <= '\u00A0' => Space,
        '\u00AD' or '\u115F' or '\u1160' or '\u3164' or '\uFEFF' or '\uFFA0' or '\u061C' => Nothing,
        (>= '\u0300' and <= '\u036F') or (>= '\u180B' and <= '\u180E') or (>= '\u200B' and <= '\u200F') or (>= '\u202A' and <= '\u202E') or (>= '\u2060' and <= '\u206F') or (>= '\uFE00' and <= '\uFE0F') => Nothing,
        (>= '\u00A1' and <= '\u00BF') or (>= '\u2000' and <= '\u2BFF') or (>= '\u3000' and <= '\u303F') or (>= '\uD800' and <= '\uF8FF') or (>= '\uFE10' and <= '\uFE6F') or >= '\uFFF0' => Space,
        _ => Other(c),
    };
}
