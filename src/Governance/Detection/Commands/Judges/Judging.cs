// Which judges look at which command.
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal static class Judging
{
    public static void Judge(CommandCall call, Report report)
    {
        foreach (var rule in ToolRules.ByTool[call.Name])
            if (rule.Target(call) is { } target) report.Add(rule.Rule, target);
        FileJudge.Judge(call, report);
        NetworkJudge.Judge(call, report);
        DatabaseClients.Judge(call, report);
        SpecialTools.Judge(call, report);
    }
}
