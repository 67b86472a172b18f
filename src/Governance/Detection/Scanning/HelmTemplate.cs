// A Kubernetes manifest that is a template of Helm's, as YAML that can be read: actions that decide something are taken out, those that fill something in leave a word in their place, and every line
// stays where it is. What stands in one branch and in the other is read in two readings, for YAML has each name once.
using System.Text;

namespace CabinCrew.Governance.Detection.Scanning;

internal static class HelmTemplate
{
    private const string Open = "{{", Close = "}}", Assigned = ":=";

    private static readonly string[] Begin = ["if", "range", "with", "define", "block"];

    private static readonly System.Buffers.SearchValues<char> WordEnds = System.Buffers.SearchValues.Create(" \t\r\n(\"");

    /// <param name="At">Where its braces begin.</param>
    /// <param name="Word">The first one in it.</param>
    private readonly record struct Action(int At, int Length, string Word);

    /// <summary>The branches behind <c>if</c>, and where there is any <c>else</c>, those as well.</summary>
    public static IEnumerable<string> Readings(string text)
    {
        List<Action> actions = [.. Actions(text)];
        yield return Reading(text, actions, []);
        var others = WithElse(actions);
        if (others.Count > 0) yield return Reading(text, actions, others);
    }

    private static IEnumerable<Action> Actions(string text)
    {
        for (var at = 0; text.IndexOf(Open, at, StringComparison.Ordinal) is >= 0 and var start;)
        {
            var close = text.IndexOf(Close, start, StringComparison.Ordinal);
            at = close < 0 ? text.Length : close + Close.Length;
            var inner = text.AsSpan(start + Open.Length, Math.Max(0, at - start - Open.Length - Close.Length)).Trim("- \t\r\n");
            var end = inner.IndexOfAny(WordEnds);
            yield return new(start, at - start, inner.StartsWith("$") && inner.Contains(":=", StringComparison.Ordinal) ? Assigned : (end < 0 ? inner : inner[..end]).ToString());
        }
    }

    // Which blocks, by the index of their first action, have another branch.
    private static HashSet<int> WithElse(List<Action> actions)
    {
        HashSet<int> found = [];
        Stack<int> open = new();
        for (var i = 0; i < actions.Count; i++)
        {
            if (Begin.Contains(actions[i].Word)) open.Push(i);
            else if (actions[i].Word == "else" && open.TryPeek(out var block)) found.Add(block);
            else if (actions[i].Word == "end") open.TryPop(out _);
        }
        return found;
    }

    /// <param name="others">The blocks of which the branch behind <c>else</c> is read instead of the first.</param>
    private static string Reading(string text, List<Action> actions, HashSet<int> others)
    {
        var read = new StringBuilder(text.Length);
        Stack<(bool Reads, bool IsOther)> open = new();
        var (from, reads) = (0, true);
        for (var i = 0; i < actions.Count; i++)
        {
            var action = actions[i];
            Copy(text.AsSpan(from, action.At - from), reads);
            from = action.At + action.Length;
            var isValue = false;
            if (Begin.Contains(action.Word))
            {
                open.Push((reads, others.Contains(i)));
                reads &= !others.Contains(i);
            }
            else if (action.Word == "else" && open.TryPeek(out var block)) reads = block.Reads && block.IsOther;
            else if (action.Word == "end") reads = open.TryPop(out block) ? block.Reads : reads;
            else isValue = reads && !action.Word.StartsWith("/*", StringComparison.Ordinal) && action.Word != Assigned && !IsAlone(text, action);
            // Of many names no two may be the same.
            if (isValue) read.Append('x').Append(i);
            Copy(text.AsSpan(action.At, action.Length), isRead: false);
        }
        Copy(text.AsSpan(from), reads);
        return read.ToString();

        // What is not read leaves its lines.
        void Copy(ReadOnlySpan<char> part, bool isRead)
        {
            if (isRead) read.Append(part);
            else read.Append('\n', part.Count('\n'));
        }
    }

    // On lines of its own: what it fills in are lines as well, of which nothing is known.
    private static bool IsAlone(string text, Action action)
    {
        var before = text.AsSpan(0, action.At);
        var after = text.AsSpan(action.At + action.Length);
        var end = after.IndexOf('\n');
        return before[(before.LastIndexOf('\n') + 1)..].IsWhiteSpace() && (end < 0 ? after : after[..end]).IsWhiteSpace();
    }
}
