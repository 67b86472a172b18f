// The page that the formatter writes on: indentation, blank lines as the source had them (at most one), and every comment once, in order.
using System.Collections.Immutable;
using System.Text;

namespace CabinCrew.Rego.Syntax.Formatting;

/// <summary>Lines are written as pieces; comments of the source are put where the next piece begins or behind the line that they stood behind.</summary>
internal sealed class FormatWriter(SourceText source, ImmutableArray<Comment> comments)
{
    private readonly StringBuilder page = new();
    private int nextComment;
    private int indent;
    private int lastRow;
    private bool atBlockStart = true;

    public override string ToString() => page.ToString();

    public void Write(string text) => page.Append(text);

    /// <summary>The row on which a span ends.</summary>
    public int EndRowOf(SourceSpan span) => span.Row + source.Text.AsSpan(span.Offset, span.Length).Count('\n');

    public void Indent()
    {
        indent++;
        atBlockStart = true;
    }

    public void Dedent()
    {
        indent--;
        atBlockStart = false;
    }

    /// <summary>Starts the line of something that begins at <paramref name="span"/>: comments before it first, a blank line where the source had one.</summary>
    public void StartLine(SourceSpan span, bool forceBlank = false)
    {
        var blank = forceBlank;
        while (nextComment < comments.Length && comments[nextComment].Span.Offset < span.Offset)
        {
            WriteCommentLine(comments[nextComment++], blank);
            blank = false;
        }

        BreakBefore(span.Row, blank);
    }

    /// <summary>Ends what began a line and ended at <paramref name="end"/>: a comment behind it stays behind it.</summary>
    public void EndLine(SourceSpan span) => EndLine(EndRowOf(span), span.End);

    public void EndLine(int row, int offset)
    {
        lastRow = Math.Max(lastRow, row);
        if (nextComment < comments.Length && comments[nextComment].Span is var comment && comment.Row == row && comment.Offset >= offset)
        {
            Write(" ");
            Write(TextOf(comments[nextComment++]));
        }
    }

    /// <summary>The comments before <paramref name="offset"/>, each on a line of its own.</summary>
    public void Comments(int offset)
    {
        while (nextComment < comments.Length && comments[nextComment].Span.Offset < offset)
            WriteCommentLine(comments[nextComment++], false);
    }

    /// <summary>A line for a closing bracket; nothing of the source's spacing counts before it.</summary>
    public void CloseLine() => NewLine();

    /// <summary>Takes over that the source's rows up to <paramref name="row"/> have been written.</summary>
    public void Reach(int row) => lastRow = Math.Max(lastRow, row);

    /// <summary>Comments within a stretch that is copied as it is need not be written again.</summary>
    public void SkipComments(SourceSpan span)
    {
        while (nextComment < comments.Length && comments[nextComment].Span.Offset >= span.Offset && comments[nextComment].Span.Offset < span.End)
            nextComment++;
    }

    /// <summary>No comment stands between two offsets.</summary>
    public bool IsFree(int from, int to)
    {
        for (var i = nextComment; i < comments.Length && comments[i].Span.Offset < to; i++)
        {
            if (comments[i].Span.Offset >= from)
                return false;
        }

        return true;
    }

    private static string TextOf(Comment comment)
    {
        var text = comment.Text.TrimEnd();
        return text.Length == 0 || text[0] is ' ' or '\t' or '#' or '!' ? "#" + text : "# " + text;
    }

    private void WriteCommentLine(Comment comment, bool forceBlank)
    {
        BreakBefore(comment.Span.Row, forceBlank);
        Write(TextOf(comment));
        lastRow = comment.Span.Row;
    }

    private void BreakBefore(int row, bool forceBlank)
    {
        if (!atBlockStart && (forceBlank || row - lastRow > 1))
            page.Append('\n');
        NewLine();
        atBlockStart = false;
        lastRow = Math.Max(lastRow, row);
    }

    private void NewLine()
    {
        if (page.Length > 0)
            page.Append('\n');
        page.Append('\t', indent);
    }
}
