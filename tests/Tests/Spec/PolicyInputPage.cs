// docs/reference/policy-input.md, made of the schema and of a real document, so that it cannot be wrong.
using System.Text.Json;
using CabinCrew.Governance.Policies;

namespace CabinCrew.Tests.Spec;

internal static class PolicyInputPage
{
    private const string Intro = """
        # What policies see

        Rego policies of the package `cabincrew.preflight` are asked about one step's validated plan at a time. This is `input`: the same values that the plan-token binds, who asked
        for them, and when. `cabincrew schema policy-input` prints the JSON schema; policies are type-checked against it when they are loaded, so a
        reference to a member that does not exist is an error, never a rule that silently does nothing. Written from the schema by the tests; do not edit.

        - Every member is always there. `null` stands where there is no value, and built-in functions given `null` are errors, which count as deny.
        - Nothing is cut short in silence: all changed lines are here. A plan whose document would exceed 32 MiB is not judged, which counts as deny.
        - Bodies beyond 4 MiB are of kind `large` and have no `text` and no `json`. A policy that relies on bodies should say so:
          `deny contains "too large to read" if some a in input.artifacts; a.body.kind == "large"`.
        - A body of invalid JSON (a key twice, for example) is of kind `text`: a policy that needs the parsed value should deny what has none.
        - The values of mapped secrets read `[redacted:NAME]`, wherever they stood.
        - `metadata`, `type`, `action`, `target` and bodies are what the engine says. `changes`, `refs` and `totals` are what take-off will be held to.

        | member | type | meaning |
        | --- | --- | --- |

        """;

    /// <summary>The plan that the page shows.</summary>
    public static readonly PolicySubject Example = Subjects.Of(Subjects.Update("src/app.conf", "retries = 5") with { DeletedLines = [new(1, "retries = 3")] }) with
    {
        RequesterIsHuman = true, RequesterRoles = ["maintainer"], Environment = "staging", Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero), Config = JsonElement.Parse("""{"run":["./tune.sh"]}"""), EngineId = "script",
        Artifacts = [Subjects.Artifact("changes", """{"metadata":{"summary":"more retries"}}""", "--- a/src/app.conf\n+++ b/src/app.conf\n@@ -1 +1 @@\n-retries = 3\n+retries = 5\n") with { Type = "file_patch", Action = "apply" }],
        Findings = new([], 1, []),
    };

    public static string Of(JsonElement schema, JsonElement example) => SchemaPage.Of(Intro, schema, example);
}
