// What commands and changes would destroy or expose (PRE-04): shell, SQL, Dockerfiles, Kubernetes manifests, Terraform plans. Pure, bounded, linear; never throws.
// What cannot be read is a finding of its own (unreadable) and never passes as harmless.
using CabinCrew.Governance.Detection.Commands.Changes;
using CabinCrew.Governance.Detection.Commands.Shell;
using CabinCrew.Governance.Detection.Commands.Sql;

namespace CabinCrew.Governance.Detection.Commands;

public enum CommandKind
{
    Shell,
    Sql,
    Dockerfile,

    /// <summary>Kubernetes objects in YAML, one or several documents.</summary>
    Manifest,

    /// <summary>What <c>terraform show -json</c> says of a plan.</summary>
    TerraformPlan,
}

public static class CommandReview
{
    /// <summary>Raised whenever this code finds something else in the same text.</summary>
    public const int Version = 2;

    /// <summary>Longer texts are not judged but reported.</summary>
    public const int CharsMax = 8 << 20;

    /// <summary>Shell commands.</summary>
    public static IReadOnlyList<CommandFinding> Of(string shellText) => Of(shellText, CommandKind.Shell);

    public static IReadOnlyList<CommandFinding> Of(string text, CommandKind kind)
    {
        var report = new Report();
        if (text.Length > CharsMax)
        {
            report.Add("unreadable", $"longer than {CharsMax} characters");
            return report.Findings;
        }
        switch (kind)
        {
            case CommandKind.Shell:
                ShellWalk.Judge(text, report);
                break;
            case CommandKind.Sql:
                SqlJudge.Judge(text, report, ownLines: true);
                break;
            case CommandKind.Dockerfile:
                DockerfileJudge.Judge(text, report);
                break;
            case CommandKind.Manifest:
                ManifestJudge.Judge(text, report);
                break;
            case CommandKind.TerraformPlan:
                TerraformPlanJudge.Judge(text, report);
                break;
        }
        return report.Findings;
    }
}
