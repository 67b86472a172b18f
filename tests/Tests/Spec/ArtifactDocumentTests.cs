// artifact.json as a document (ART-02): the seeds' spelling, the draft's alias, roles, and what is refused.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Tests.Spec;

[Clause("ART-02")]
public sealed class ArtifactDocumentTests
{
    private const string Hash = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static Outcome<ArtifactDocument> Read(string json) => ArtifactDocuments.Read(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Every_member_is_read()
    {
        var a = Read($$"""{"type":"file_patch","action":"apply","role":"evidence","target":"src/a.c","mime":"text/x-diff","metadata":{"k":[1]},"body_file":"body.data","integrity":"{{Hash}}","extensions":{"x":1} }""").Value;
        Assert.Equal(("file_patch", "apply", ArtifactRole.Evidence, "src/a.c", "text/x-diff", "body.data", Hash), (a.Type, a.Action, a.Role, a.Target, a.Mime, a.BodyFile, a.Integrity.ToString()));
        Assert.Equal(1, a.Metadata!.Value.GetProperty("k")[0].GetInt32());
    }

    [Fact]
    public void The_drafts_spelling_is_read_as_type_and_the_seeds_is_written()
    {
        var a = Read("""{"artifact_type":"script","action":"execute","role":"state","mime":"text/plain","body":{"b":1,"a":2}}""").Value;
        Assert.Equal("script", a.Type);
        Assert.Equal("""{"action":"execute","body":{"a":2,"b":1},"mime":"text/plain","role":"state","type":"script"}""", Encoding.UTF8.GetString(ArtifactDocuments.Write(a)));
    }

    [Fact]
    public void Both_spellings_at_once_are_refused() =>
        Assert.Equal((ProblemCode.ArtifactMalformed, "/artifact_type"), Of(Read("""{"type":"a","artifact_type":"a","action":"x"}""")));

    [Fact]
    public void A_missing_role_is_left_to_the_receipt() => Assert.Null(Read("""{"type":"a","action":"x"}""").Value.Role);

    [Theory]
    [InlineData("""{"action":"x"}""", "document", "'type' is missing")]
    [InlineData("""{"type":"a"}""", "document", "'action' is missing")]
    [InlineData("""{"type":"","action":"x"}""", "/type", "must not be empty")]
    [InlineData("""{"type":7,"action":"x"}""", "/type", "expected a string")]
    [InlineData("""{"type":"a","action":"x","role":"evidense"}""", "/role", "did you mean 'evidence'?")]
    [InlineData("""{"type":"a","action":"x","role":"EVIDENCE"}""", "/role", "expected one of evidence, state, log")]
    [InlineData("""{"type":"a","action":"x","role":0}""", "/role", "expected one of")]
    [InlineData("""{"type":"a","action":"x","metadata":[]}""", "/metadata", "expected an object, found an array")]
    [InlineData("""{"type":"a","action":"x","Action":"y"}""", "/Action", "is not known here; did you mean 'action'?")]
    [InlineData("""{"type":"a","action":"x","body_file":"body.data"}""", "document", "'integrity' is missing; it is required with 'body_file'")]
    [InlineData("""{"type":"a","action":"x","integrity":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}""", "document", "'body_file' is missing")]
    [InlineData("""{"type":"a","action":"x","body_file":"body.data","integrity":"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"}""", "/integrity", "of the form")]
    [InlineData("""{"type":"a","action":"x","body_file":"body.data","integrity":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"}""", "/integrity", "of the form")]
    [InlineData("""{"type":"a","action":"x","body":"b","body_file":"body.data","integrity":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}""", "/body", "both stand here")]
    [InlineData("""{"type":"a","action":"x","body":7}""", "/body", "expected null or a string or an array or an object")]
    [InlineData("[]", "document", "expected an object")]
    public void What_does_not_fit_is_refused_with_field_and_reason(string json, string where, string says)
    {
        var outcome = Read(json);
        Assert.Equal((ProblemCode.ArtifactMalformed, where), Of(outcome));
        Assert.Contains(says, outcome.Problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"../body.data\"")]
    [InlineData("\"/etc/passwd\"")]
    [InlineData("\"Body.data\"")]
    [InlineData("\"body.data/\"")]
    [InlineData("7")]
    public void A_body_elsewhere_has_a_code_of_its_own(string file) =>
        Assert.Equal((ProblemCode.ArtifactBodyFileInvalid, "/body_file"), Of(Read($$"""{"type":"a","action":"x","integrity":"{{Hash}}","body_file":{{file}}}""")));

    [Fact, Clause("ART-04")]
    public void It_is_read_strictly()
    {
        Assert.Equal(ProblemCode.JsonDuplicateKey, Read("""{"type":"a","action":"x","type":"b"}""").Problem?.Code);
        Assert.Equal(ProblemCode.JsonTooDeep, Read("""{"type":"a","action":"x","metadata":{"m":""" + new string('[', 40) + new string(']', 40) + "}}").Problem?.Code);
        Assert.Equal(ProblemCode.JsonTooLarge, Read("""{"type":"a","action":"x","body":" """ + new string('b', 1 << 20) + "\"}").Problem?.Code);
    }

    private static (ProblemCode?, string?) Of<T>(Outcome<T> outcome) => (outcome.Problem?.Code, outcome.Problem?.Where);
}
