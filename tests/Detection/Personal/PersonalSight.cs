// What the detector of personal data sees in a text, in characters and in bytes, and how numbers are written in a rule's forms.
using System.Text;
using CabinCrew.Detection.Tests.Commands;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Personal;

namespace CabinCrew.Detection.Tests.Personal;

internal static class PersonalSight
{
    public static readonly PersonalDetector Detector = new();

    public static readonly ILookup<string, string> Numbers = ShellCases.Read("numbers.cases").ToLookup(c => c.Rule, c => c.Text);

    /// <summary>Rules with what they found. What is found in characters is suspected in bytes.</summary>
    public static List<(string Rule, string Text)> In(string text)
    {
        List<TextMatch> found = [];
        Detector.FindIn(text, found);
        if (found.Count > 0) Assert.True(Detector.Suspects(Encoding.UTF8.GetBytes(text)), text);
        return [.. found.Select(f => (f.Rule.Id, text.Substring(f.Start, f.Length)))];
    }

    public static string Rules(string text) => string.Join(' ', In(text).Select(f => f.Rule));

    /// <summary>A number as a form writes it; null: the form is for others.</summary>
    public static string? Written(string form, string plain)
    {
        var written = new StringBuilder();
        var at = 0;
        foreach (var c in form)
        {
            if (c is not ('d' or 'L'))
            {
                written.Append(c);
                continue;
            }
            if (at >= plain.Length || char.IsAsciiDigit(plain[at]) != (c == 'd')) return null;
            written.Append(plain[at++]);
        }
        return at == plain.Length ? written.ToString() : null;
    }
}
