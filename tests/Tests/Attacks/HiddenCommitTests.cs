// An engine that shows one thing and commits another: other files, more files, more commits, a branch moved to what nobody was shown,
// history thrown away without a word, a ref that is said to be new and is not. Each first as the honest engine does it, which lands.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Attacks;

[Clause("ENG-09")]
public sealed class HiddenCommitTests
{
    // commit PATH TEXT PARENT MESSAGE [TREE] prints the id of a new commit; declare_ and show say that main goes to TIP, the latter with a text.
    private const string Tools = """
        export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@x GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
        cp -a "$W/.git" "$T/g"; export GIT_DIR=$T/g GIT_INDEX_FILE=$T/idx
        commit() { local blob; blob=$(printf '%s\n' "$2" | git hash-object -w --stdin); git read-tree "${5:-$3}"; git update-index --add --cacheinfo "100644,$blob,$1"; git commit-tree "$(git write-tree)" -p "$3" -m "$4"; }
        members() { printf '"metadata":{"git":{"refs":{"refs/heads/main":{"before":"%s","after":"%s"%s}},"head":null,"index":false}}' "$main" "$1" "$2"; }
        declare_() { bare refs evidence structured_plan "$(members "$1" "$2")"; }
        show() { emit refs evidence structured_plan "$(members "$1" "$2")"; }
        log() { git log --patch --binary --no-renames --format=fuller --reverse "$@"; }
        main=$(git rev-parse refs/heads/main); other=$(git rev-parse refs/heads/other); old=$(git rev-parse refs/heads/main~1)
        """;

    private const string Land = """
        [ ! -d "$A/change" ] || (unset GIT_DIR GIT_INDEX_FILE; git -C "$W" apply --whitespace=nowarn "$A/change/body.data") >&2
        cp -rn "$T/g/objects/." "$W/.git/objects/"; printf '%s\n' "$tip" > "$W/.git/refs/heads/main"
        """;

    private static async Task<(FlightHouse House, FlightReport Report)> FlyAsync(string tip, string evidence, string rules = FlightHouse.Allow, string prepare = "true")
    {
        var house = await FlightHouse.OpenAsync(rules);
        TempTree.Run(house.Workspace, "/bin/sh", "-ec", $"git init -q -b main; git add -A; git commit -qm zero; echo x > x; git add -A; git commit -qm first; git branch other HEAD~1; git switch -q other; echo evil > evil.sh; git add -A; git commit -qm evil; git switch -q main; {prepare}");
        return (house, await house.FlyScriptAsync($"{Tools}\n{tip}\n{evidence}", $"{Tools}\n{tip}\n{Land}"));
    }

    [Theory]
    [InlineData("the files that it declares", "tip=$(commit a.txt two \"$main\" m)", "propose a.txt two; declare_ \"$tip\"")]
    [InlineData("the commit as text", "tip=$(commit a.txt two \"$main\" m)", "log \"$main..$tip\" | show \"$tip\"")]
    [InlineData("two commits as text", "mid=$(commit a.txt two \"$main\" m); tip=$(commit b.txt new \"$mid\" n)", "log \"$main..$tip\" | show \"$tip\"")]
    [InlineData("the move as one patch", "tip=$other", "{ echo \"ref refs/heads/main $main..$tip\"; git diff --binary --full-index --no-renames \"$main\" \"$tip\"; } | show \"$tip\" ',\"forced\":true'")]
    [InlineData("a way back, said to be forced", "tip=$old", "{ echo \"ref refs/heads/main $main..$tip\"; git diff --binary --full-index --no-renames \"$main\" \"$tip\"; } | show \"$tip\" ',\"forced\":true'")]
    public async Task What_is_shown_lands(string shows, string tip, string evidence)
    {
        var (house, report) = await FlyAsync(tip, evidence);
        await using (house)
        {
            Assert.True(report.Problem is null, $"{shows}: {report.Problem}");
            await house.ProveAsync(report.State.Id, report.State);
        }
    }

    [Theory]
    [InlineData("another content", "tip=$(commit a.txt evil \"$main\" m)", "propose a.txt two; declare_ \"$tip\"", "another a.txt than the plan shows")]
    [InlineData("one file more", "mid=$(commit evil.sh evil \"$main\" m); tip=$(commit a.txt two \"$main\" m \"$mid\")", "propose a.txt two; declare_ \"$tip\"", "evil.sh, which the plan does not show")]
    [InlineData("nothing shown at all", "tip=$(commit evil.sh evil \"$main\" m)", "declare_ \"$tip\"", "evil.sh, which the plan does not show")]
    [InlineData("a secret in between", "mid=$(commit key secret \"$main\" m); tip=$(commit a.txt two \"$mid\" n \"$main\")", "propose a.txt two; declare_ \"$tip\"", "2 new commits")]
    [InlineData("one of two commits as text", "mid=$(commit evil.sh evil \"$main\" m); tip=$(commit a.txt two \"$mid\" n)", "log \"$mid..$tip\" | show \"$tip\"", "2 new commits")]
    [InlineData("a text with another content", "tip=$(commit a.txt evil \"$main\" m)", "log \"$main..$tip\" | sed 's/^+evil$/+good/' | show \"$tip\"", "is not what the plan shows")]
    [InlineData("a text without a file", "mid=$(commit evil.sh evil \"$main\" m); tip=$mid", "git log --format=fuller \"$main..$tip\" | show \"$tip\"", "is not shown")]
    [InlineData("a commit that is told twice", "tip=$(commit evil.sh evil \"$main\" m)", "{ log \"$main..$tip\"; echo; log \"$main..$tip\" | sed 's/evil/good/'; } | show \"$tip\"", "is not what the plan shows")]
    [InlineData("history thrown away", "tip=$(commit a.txt two \"$old\" m)", "log \"$old..$tip\" | show \"$tip\"", "does not move forward")]
    [InlineData("on top of what was not shown", "tip=$(commit a.txt two \"$other\" m)", "log \"$other..$tip\" | show \"$tip\" ',\"forced\":true'", "which the plan does not show")]
    public async Task What_is_not_shown_is_refused_at_take_off_and_nothing_of_it_is_applied(string lie, string tip, string evidence, string says)
    {
        var (house, report) = await FlyAsync(tip, evidence);
        await using (house)
        {
            Assert.True(report.Problem?.Code == ProblemCode.TakeOffUndeclaredChange, $"{lie}: {report.Problem}");
            Assert.Contains(says, report.Problem!.Message, StringComparison.Ordinal);
            Assert.Equal("first", TempTree.Run(house.Workspace, "git", "log", "-1", "--format=%s", "main").Trim());
            Assert.Equal("one\n", house.Read("workspace/a.txt"));
        }
    }

    [Theory]
    [InlineData("a branch that is there, beside an innocent diff", "tip=$other", "propose a.txt two; declare_ \"$tip\" ',\"forced\":true'", "evil.sh, which the plan does not show")]
    [InlineData("the same without a word of force", "tip=$other", "propose a.txt two; declare_ \"$tip\"", "does not move forward")]
    [InlineData("a way back without a word of force", "tip=$old", "declare_ \"$tip\"", "does not move forward")]
    [InlineData("another place to begin with", "tip=$(commit a.txt two \"$main\" m); main=$old", "propose a.txt two; declare_ \"$tip\"", "it stands at")]
    [InlineData("something that is no commit", "tip=$(git rev-parse \"$main:a.txt\")", "declare_ \"$tip\"", "no commit")]
    public async Task What_can_be_told_while_planning_is_refused_there(string lie, string tip, string evidence, string says)
    {
        var (house, report) = await FlyAsync(tip, evidence);
        await using (house)
        {
            Assert.True(report.Problem?.Code == ProblemCode.ArtifactGitClaim, $"{lie}: {report.Problem}");
            Assert.Contains(says, report.Problem!.Message, StringComparison.Ordinal);
            Assert.Null(report.State.Steps.Values.Single().Token);
        }
    }

    [Fact]
    public async Task A_tree_without_end_made_of_a_few_objects_is_refused_and_not_walked()
    {
        const string bomb = """
            tree=$(git mktree < /dev/null)
            for i in $(seq 1 60); do tree=$(for j in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\td%s\n' "$tree" "$j"; done | git mktree); done
            tip=$(git commit-tree "$tree" -p "$main" -m bomb)
            """;
        var (house, report) = await FlyAsync(bomb, "propose a.txt two; declare_ \"$tip\"");
        await using (house)
        {
            Assert.True(report.Problem?.Code == ProblemCode.TakeOffUndeclaredChange, $"{report.Problem}");
            Assert.Contains("entries", report.Problem!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_packed_branch_is_not_new_and_does_not_go_by_deleting_a_file()
    {
        const string asNew = "main=; members() { printf '\"metadata\":{\"git\":{\"refs\":{\"refs/heads/main\":{\"before\":null,\"after\":\"%s\"}},\"head\":null,\"index\":false}}' \"$1\"; }; declare_ \"$tip\"";
        var (house, report) = await FlyAsync("tip=$(commit a.txt two \"$main\" m)", asNew, prepare: "git pack-refs --all");
        await using (house) Assert.Equal((ProblemCode.ArtifactGitClaim, true), (report.Problem!.Code, report.Problem.Message.Contains("the plan says that it stands at nothing", StringComparison.Ordinal)));
        const string gone = "bare refs evidence structured_plan \"\\\"metadata\\\":{\\\"git\\\":{\\\"refs\\\":{\\\"refs/heads/other\\\":{\\\"before\\\":\\\"$other\\\",\\\"after\\\":null}},\\\"head\\\":null,\\\"index\\\":false}}\"";
        (house, report) = await FlyAsync("tip=$main", gone, prepare: "git pack-refs --all");
        await using (house) Assert.Equal((ProblemCode.ArtifactGitClaim, true), (report.Problem!.Code, report.Problem.Message.Contains("it is packed", StringComparison.Ordinal)));
    }

    [Fact, Clause("PRE-05")]
    public async Task A_forced_move_is_seen_by_policies_and_one_that_goes_forward_is_not_taken_for_it()
    {
        const string rules = "default: allow\nrules:\n  - { id: forced, when: { git_refs: { names: 'refs/heads/*', forced: true } }, decision: deny, reason: no history is lost }";
        var (house, report) = await FlyAsync("tip=$old", "{ echo \"ref refs/heads/main $main..$tip\"; git diff --binary --full-index --no-renames \"$main\" \"$tip\"; } | show \"$tip\" ',\"forced\":true'", rules);
        await using (house) Assert.Equal((ProblemCode.PolicyDenied, true), (report.Problem!.Code, report.Problem.Message.Contains("no history is lost", StringComparison.Ordinal)));
        (house, report) = await FlyAsync("tip=$(commit a.txt two \"$main\" m)", "propose a.txt two; declare_ \"$tip\"", rules);
        await using (house) Assert.Null(report.Problem);
        (house, report) = await FlyAsync("tip=$(commit a.txt two \"$main\" m)", "propose a.txt two; declare_ \"$tip\" ',\"forced\":\"no\"'", rules);
        await using (house) Assert.Equal(ProblemCode.ArtifactMalformed, report.Problem?.Code);
    }
}
