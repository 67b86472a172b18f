// Patterns for paths: '*' and '?' within a name, '**' across directories, [abc], {a,b}. One without '/' means the name, wherever it is. Matched without backtracking.
using System.Text;
using System.Text.RegularExpressions;
using CabinCrew.Protocol;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class Glob
{
    public const int CharsMax = 256;

    private readonly Regex regex;
    private readonly bool ofName;

    private Glob(Regex regex, bool ofName) => (this.regex, this.ofName) = (regex, ofName);

    public bool Matches(string path) => regex.IsMatch(ofName ? path[(path.LastIndexOf('/') + 1)..] : path);

    public static Outcome<Glob> Parse(string text)
    {
        var (pattern, alternatives) = (new StringBuilder(@"\A"), 0);
        for (var i = 0; i < text.Length; i++)
            switch (text[i])
            {
                case '*' when i + 1 < text.Length && text[i + 1] == '*':
                    i++;
                    // "**/" is any number of directories, none too.
                    if (i + 1 < text.Length && text[i + 1] == '/')
                    {
                        i++;
                        pattern.Append("(?:[^/]+/)*");
                    }
                    else pattern.Append(".*");
                    break;
                case '*':
                    pattern.Append("[^/]*");
                    break;
                case '?':
                    pattern.Append("[^/]");
                    break;
                case '[':
                    var end = text.IndexOf(']', i + 1);
                    if (end <= i + 1 || text[i..end].Contains('/')) return Refuse(text, "has a '[' without its ']'");
                    var set = text[(i + 1)..end];
                    pattern.Append('[').Append(set[0] is '!' or '^' ? "^/" + Escaped(set[1..]) : Escaped(set)).Append(']');
                    i = end;
                    break;
                case '{':
                    pattern.Append("(?:");
                    alternatives++;
                    break;
                case '}' when alternatives > 0:
                    pattern.Append(')');
                    alternatives--;
                    break;
                case ',' when alternatives > 0:
                    pattern.Append('|');
                    break;
                case var c:
                    pattern.Append(Regex.Escape(c.ToString()));
                    break;
            }
        if (alternatives > 0) return Refuse(text, "has a '{' without its '}'");
        try
        {
            return new Glob(new(pattern.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline), !text.Contains('/'));
        }
        catch (ArgumentException)
        {
            return Refuse(text, "is no pattern");
        }
    }

    // Within brackets: ranges stay, everything else means itself.
    private static string Escaped(string set) => set.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal).Replace("^", @"\^", StringComparison.Ordinal);

    private static Problem Refuse(string text, string why) => new(ProblemCode.InvalidArgument, $"The pattern '{text}' {why}.") { Remedy = "Use names with *, ?, [abc], {a,b}, and ** for any directories, such as src/**/*.{c,h}." };
}
