// What was found in commands and changes: which rule, what it would hit, where. Holds the target's name, never a secret.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Commands;

public enum CommandSeverity
{
    /// <summary>Worth a look.</summary>
    Notable,

    /// <summary>Destroys or exposes what somebody may want to keep: a person decides.</summary>
    Serious,

    /// <summary>Nothing that a plan has reason to do.</summary>
    Critical,
}

/// <param name="Id">Unique over all kinds of text.</param>
/// <param name="Reason">For a person; reads on with the target: "deletes a branch: main".</param>
public sealed record CommandRule(string Id, CommandSeverity Severity, string Reason)
{
    /// <summary>What is right where nothing else is configured.</summary>
    public Decision Decision => Severity switch
    {
        CommandSeverity.Critical => Decision.Deny,
        CommandSeverity.Serious => Decision.RequireApproval,
        CommandSeverity.Notable => Decision.Warn,
    };
}

/// <param name="Target">What would be destroyed or exposed; short, on one line.</param>
/// <param name="Line">From 1, in the text that was given.</param>
public sealed record CommandFinding(CommandRule Rule, string Target, int Line)
{
    public string Message => $"{Rule.Reason}: {Target}";
}
