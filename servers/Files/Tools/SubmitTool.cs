// submit_changes: shown here, so that agents find it among the other tools; answered by the gateway, which never hands it on (INT-03).
using CabinCrew.Protocol;

namespace CabinCrew.Servers.Files.Tools;

internal static class SubmitTool
{
    public const string Name = "submit_changes";

    public static Tool Definition => new(Name, "Submit your changes",
        "Proposes all that you have changed so far as one plan: it is judged, and where that is asked for, approved by a person, before it is applied to the real files. The answer tells the workflow's id, the judgement and what happens next. Afterwards you begin anew from the real files.",
        """
        {"type":"object","properties":{
          "message":{"type":"string","minLength":1,"maxLength":4000,"description":"What the change does and why, for the person who approves it."},
          "over_newer":{"type":"boolean","description":"Also over files that somebody changed in the workspace meanwhile. Only when a person told you to."}},
         "required":["message"],"additionalProperties":false}
        """, Effect.Destroy, Again: false, static (a, _) => new Problem(ProblemCode.InternalBug, "There is no gateway before this server that could take your changes; they stay where they are.") { Remedy = "Tell the person who runs it: `cabincrew mcp --files DIR` with mode plan." });
}
