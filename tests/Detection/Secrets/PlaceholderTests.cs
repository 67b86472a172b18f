// Placeholders: stable, telling nothing without the key, and put back for the caller; bounded in number and size.
using System.Text.RegularExpressions;
using CabinCrew.Governance.Detection;

namespace CabinCrew.Detection.Tests.Secrets;

public sealed partial class PlaceholderTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    [GeneratedRegex(@"^\[redacted:github-token#[0-9a-f]{8}\]$")]
    private static partial Regex Short { get; }

    [Fact]
    public void The_same_secret_has_the_same_placeholder_in_one_scope_and_another_in_another()
    {
        var scope = new PlaceholderScope(Key);
        Assert.Matches(Short, scope.Of("github-token", "one"));
        Assert.Equal(scope.Of("github-token", "one"), scope.Of("github-token", "one"));
        Assert.Equal(scope.Of("github-token", "one"), new PlaceholderScope(Key).Of("github-token", "one"));
        Assert.NotEqual(scope.Of("github-token", "one"), scope.Of("github-token", "two"));
        Assert.NotEqual(scope.Of("github-token", "one"), new PlaceholderScope([.. Key.Reverse()]).Of("github-token", "one"));
        Assert.Throws<ArgumentException>(() => new PlaceholderScope(new byte[15]));
    }

    [Fact]
    public void What_was_taken_out_is_put_back_and_nothing_else_is()
    {
        var scope = new PlaceholderScope(Key);
        var (one, two) = (scope.Of("jwt", "the \"one\""), scope.Of("private-key", "two\nlines"));
        Assert.Equal("use the \"one\" and two\nlines, the \"one\".", scope.Restore($"use {one} and {two}, {one}."));
        Assert.Equal("""use the \u0022one\u0022""", scope.Restore($"use {one}", secret => System.Text.Json.JsonEncodedText.Encode(secret).ToString()));
        foreach (var other in new[] { "[redacted:jwt#00000000]", "[redacted:NAME]", one.Replace("jwt", "jwx"), one[..^1], "plain" }) Assert.Equal(other, scope.Restore(other));
        Assert.Equal(one, new PlaceholderScope([.. Key.Reverse()]).Restore(one));
        // What is put back is not read again.
        Assert.Equal(two, scope.Restore(scope.Of("jwt", two)));
    }

    [Fact]
    public void A_stream_is_put_back_however_it_is_cut()
    {
        var scope = new PlaceholderScope(Key);
        var (one, two) = (scope.Of("jwt", "the \"one\""), scope.Of("private-key", "two\nlines"));
        var text = $"use {one}{two}, [redacted:jwt#00000000] or [redacted:NAME], [[{one}] and [red] [redacted: no, [";
        var whole = scope.Restore(text);
        for (var size = 1; size <= text.Length; size++)
        {
            var stream = new PlaceholderStream(scope);
            Assert.Equal(whole, string.Concat(text.Chunk(size).Select(c => stream.Next(new string(c)))) + stream.End());
        }
        Assert.Equal("\\u0022one\\u0022", new PlaceholderStream(scope, s => s.Replace("the ", "", StringComparison.Ordinal).Replace("\"", "\\u0022", StringComparison.Ordinal)) is var spelled ? spelled.Next(one[..9]) + spelled.Next(one[9..]) : "");
    }

    [Fact]
    public void What_only_begins_like_a_placeholder_is_not_held_back_for_ever()
    {
        var stream = new PlaceholderStream(new PlaceholderScope(Key));
        Assert.Equal("a ", stream.Next("a [redacted:"));
        Assert.Equal("", stream.Next(new string('x', 100)));
        Assert.Equal($"[redacted:{new string('x', 150)}", stream.Next(new string('x', 50)));
        Assert.Equal("b", stream.Next("b"));
        Assert.Equal("", stream.End());
    }

    [Fact]
    public void It_holds_so_many_secrets_and_no_more()
    {
        var scope = new PlaceholderScope(Key, secretsMax: 2, charsMax: 100);
        string[] placeholders = [.. new[] { "a1", "b2", "c3" }.Select(s => scope.Of("jwt", s))];
        Assert.True(scope.IsFull);
        Assert.Equal("a1 b2 " + placeholders[2], scope.Restore(string.Join(' ', placeholders)));
        Assert.Equal(placeholders[2], scope.Of("jwt", "c3"));
        var wide = new PlaceholderScope(Key, charsMax: 100);
        var large = wide.Of("jwt", new string('x', 101));
        Assert.True(wide.IsFull);
        Assert.Equal(large, wide.Restore(large));
    }

    [Fact]
    public void Many_secrets_never_share_a_placeholder()
    {
        // With tags of 32 bits alone some of two hundred thousand would: it is the longer tags that keep them apart.
        var scope = new PlaceholderScope(Key, secretsMax: 200_000);
        var placeholders = Enumerable.Range(0, 200_000).Select(i => scope.Of("jwt", $"secret {i}")).ToList();
        Assert.Equal(placeholders.Count, placeholders.Distinct().Count());
        Assert.Contains(placeholders, p => p.Length > placeholders[0].Length);
        Assert.Equal("secret 199999", scope.Restore(placeholders[^1]));
    }

    [Fact]
    public void Restoring_is_linear_in_the_text()
    {
        var scope = new PlaceholderScope(Key);
        var text = string.Concat(Enumerable.Repeat("[redacted:jwt#", 300_000));
        Assert.Equal(text, scope.Restore(text));
    }
}
