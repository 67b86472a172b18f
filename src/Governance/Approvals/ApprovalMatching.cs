// Who counts for what: people are matched to places (one place for each approval that a role needs) so that as many places as can be are
// filled (Kuhn's algorithm). A person with two roles is counted where it helps most, and once.
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Approvals;

internal static class ApprovalMatching
{
    private const int PlacesMax = 1000;

    /// <summary>What the request needs. One that names no need still needs its required role once: nothing is approved by nobody.</summary>
    public static IReadOnlyList<RoleNeed> Needs(ApprovalRequest request)
    {
        var needs = request.Extensions.Needs.Where(n => n.Count > 0)
            .GroupBy(n => n.Role, StringComparer.Ordinal).Select(g => new RoleNeed(g.Key, g.Max(n => n.Count))).ToList();
        return needs.Count > 0 ? needs : [new(request.RequiredRole, 1)];
    }

    /// <param name="voices">The roles of each distinct person who approved.</param>
    public static IReadOnlyList<RoleNeed> Outstanding(IReadOnlyList<RoleNeed> needs, IReadOnlyList<IReadOnlyCollection<string>> voices)
    {
        // More places than voices can never be filled, and need not be tried one by one.
        List<string> places = [.. needs.SelectMany(n => Enumerable.Repeat(n.Role, Math.Min(n.Count, Math.Min(voices.Count + 1, PlacesMax))))];
        var takenBy = new int[places.Count];
        Array.Fill(takenBy, -1);
        for (var voice = 0; voice < voices.Count; voice++) Seat(voice, places, voices, takenBy, new bool[places.Count]);
        return
        [
            .. needs.Select(n => n with { Count = n.Count - places.Where((role, i) => role == n.Role && takenBy[i] >= 0).Count() }).Where(n => n.Count > 0),
        ];
    }

    private static bool Seat(int voice, List<string> places, IReadOnlyList<IReadOnlyCollection<string>> voices, int[] takenBy, bool[] tried)
    {
        for (var place = 0; place < places.Count; place++)
        {
            if (tried[place] || !voices[voice].Contains(places[place])) continue;
            tried[place] = true;
            if (takenBy[place] >= 0 && !Seat(takenBy[place], places, voices, takenBy, tried)) continue;
            takenBy[place] = voice;
            return true;
        }

        return false;
    }
}
