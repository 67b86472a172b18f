// What a policy package's answer means (PRE-05), and that whatever it does not plainly mean is no answer (PRE-04).
using System.Text.Json;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class RegoDecisionTests
{
    [Theory, Clause("PRE-05")]
    [InlineData("""{"deny":[]}""", "p allow 'no rule objects'")]
    [InlineData("""{"deny":[],"warn":[],"require_approval":[],"helper":{"x":1},"denied_paths":["a"]}""", "p allow 'no rule objects'")]
    [InlineData("""{"deny":["a","b"]}""", "p/deny deny 'a'; p/deny deny 'b'")]
    [InlineData("""{"warn":["w"],"deny":["d"],"require_approval":["r"]}""", "p/deny deny 'd'; p/require_approval require_approval 'r' x1; p/warn warn 'w'")]
    [InlineData("""{"require_approval":[{"msg":"two","role":"security","count":2,"id":"iam","evidence":{"at":3}}]}""", "p/iam require_approval 'two' security x2 {\"at\":3}")]
    [InlineData("""{"deny":[{"msg":"m","severity":"high"}]}""", "p/deny deny 'm'")]
    [InlineData("""{"decision":"allow"}""", "p/decision allow 'the policy decides: allow'")]
    [InlineData("""{"decision":"warn","deny":["d"]}""", "p/deny deny 'd'; p/decision warn 'the policy decides: warn'")]
    [InlineData("""{"decision":{"decision":"require_approval","reason":"big","role":"lead"}}""", "p/decision require_approval 'big' lead x1")]
    public void An_answer_of_a_known_shape_is_read(string answer, string expected)
    {
        var read = RegoDecision.Read(JsonElement.Parse(answer), "p");
        Assert.True(read.Ok, read.Problem?.ToString());
        Assert.Equal(expected, string.Join("; ", read.Value.Select(v =>
            $"{v.PolicyId} {v.Decision.Word()} '{v.Reason}'{(v.Role is null ? "" : " " + v.Role)}{(v.Decision == Decision.RequireApproval ? $" x{v.Count}" : "")}{(v.Evidence is { } e ? " " + e.GetRawText() : "")}")));
    }

    [Theory, Clause("PRE-04")]
    [InlineData("{}", "none of decision, deny")]
    [InlineData("""{"allow":true}""", "none of decision, deny")]
    [InlineData("null", "found nothing")]
    [InlineData("true", "found true or false")]
    [InlineData("[]", "found a list")]
    [InlineData("""{"deny":true}""", "not a set")]
    [InlineData("""{"deny":"no"}""", "not a set")]
    [InlineData("""{"deny":{"a":true}}""", "not a set")]
    [InlineData("""{"deny":[],"warn":null}""", "'warn' is nothing")]
    [InlineData("""{"deny":[7]}""", "holds a number")]
    [InlineData("""{"deny":[""]}""", "'deny' holds")]
    [InlineData("""{"deny":[{}]}""", "no 'msg'")]
    [InlineData("""{"deny":[{"msg":7}]}""", "no 'msg'")]
    [InlineData("""{"require_approval":[{"msg":"m","role":7}]}""", "role")]
    [InlineData("""{"require_approval":[{"msg":"m","role":"a b"}]}""", "role")]
    [InlineData("""{"require_approval":[{"msg":"m","count":0}]}""", "count")]
    [InlineData("""{"require_approval":[{"msg":"m","count":1.5}]}""", "count")]
    [InlineData("""{"require_approval":[{"msg":"m","count":"2"}]}""", "count")]
    [InlineData("""{"require_approval":[{"msg":"m","count":101}]}""", "count")]
    [InlineData("""{"warn":[{"msg":"m","role":"security"}]}""", "require_approval only")]
    [InlineData("""{"deny":[{"msg":"m","id":"a/b"}]}""", "'id'")]
    [InlineData("""{"decision":"alow"}""", "did you mean 'allow'")]
    [InlineData("""{"decision":true}""", "not a word")]
    [InlineData("""{"decision":{"reason":"x"}}""", "'decision' is an object")]
    [InlineData("""{"decision":"DENY"}""", "'DENY'")]
    public void Any_other_shape_is_no_answer(string answer, string why)
    {
        var problem = RegoDecision.Read(JsonElement.Parse(answer), "p").Problem!;
        Assert.Equal(ProblemCode.PolicyFailed, problem.Code);
        Assert.Contains(why, problem.Message);
        Assert.NotNull(problem.Remedy);
    }
}
