// A store that came with somebody's repository, or stands where engines reach: its identities and keys would be the attacker's.
using System.Text;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class HostileStoreTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private string Planted(string identitiesPath = "repo/.cabincrew/identities.yaml")
    {
        tree.File(identitiesPath, "version: 1\nidentities:\n- {name: mallory, kind: human, roles: [maintainer], os_user: 0}\n");
        return Path.GetDirectoryName(tree[identitiesPath])!;
    }

    private static void Close(string store)
    {
        File.SetUnixFileMode(store, Owner);
        File.SetUnixFileMode(Path.Combine(store, "identities.yaml"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static async Task<Problem?> OpenAsync(string store)
    {
        var opened = await Stores.OpenAsync(store, TimeProvider.System, new RandomIds(), default);
        if (opened.Try(out var room, out var problem)) await room.DisposeAsync();
        return problem;
    }

    [Theory, Clause("APR-03")]
    [InlineData(0x5)]
    [InlineData(0x28)]
    [InlineData(0x8)]
    public async Task A_store_that_others_can_read_is_not_believed(int extra)
    {
        var store = Planted();
        Close(store);
        File.SetUnixFileMode(store, Owner | (UnixFileMode)extra);
        var problem = await OpenAsync(store);
        Assert.Equal(ProblemCode.StoreUntrusted, problem?.Code);
        Assert.Contains("chmod -R go=", problem!.Remedy);
        Assert.Equal(problem.ToString(), Stores.Distrust(store)?.ToString());
        Assert.False(File.Exists(Path.Combine(store, "state.db")));
    }

    [Theory, Clause("APR-03")]
    [InlineData("identities.yaml")]
    [InlineData("state.db")]
    [InlineData("keys/signing-key.pem")]
    [InlineData("blobs")]
    public async Task A_file_as_git_writes_it_is_not_believed_although_the_directory_is_closed(string name)
    {
        var store = Planted();
        if (name == "blobs") Directory.CreateDirectory(Path.Combine(store, name));
        else tree.File(Path.Combine("repo/.cabincrew", name), "x");
        Close(store);
        if (Directory.Exists(Path.Combine(store, "keys"))) File.SetUnixFileMode(Path.Combine(store, "keys"), Owner);
        File.SetUnixFileMode(Path.Combine(store, name), name == "blobs" ? Owner | UnixFileMode.GroupRead : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var problem = await OpenAsync(store);
        Assert.Equal((ProblemCode.StoreUntrusted, Path.Combine(store, name)), (problem?.Code, problem?.Where));
    }

    [Fact, Clause("APR-03")]
    public async Task A_link_in_place_of_the_store_is_not_followed()
    {
        var real = Planted("elsewhere/identities.yaml");
        Close(real);
        tree.Link("repo/.cabincrew", "../elsewhere");
        Assert.Equal(ProblemCode.StoreUntrusted, (await OpenAsync(tree["repo/.cabincrew"]))?.Code);
        Assert.False(File.Exists(Path.Combine(real, "state.db")));
    }

    [Theory, Clause("APR-03")]
    [InlineData(2, "sha1")]
    [InlineData(3, "sha1")]
    [InlineData(4, "sha1")]
    [InlineData(4, "sha256")]
    public async Task A_store_that_git_tracks_is_not_believed_whatever_its_modes(int version, string format)
    {
        // The same as a clone under umask 077.
        var store = Planted();
        tree.File("repo/.c", "sorts before, so that version 4 shares its beginning").File("repo/.cabincrew-notes", "innocent").File("repo/zz/.cabincrew/x", "another project's");
        tree.Bash($"cd repo; git init -q --object-format={format} .; git add -f .; git update-index --index-version {version}; git update-index --skip-worktree .c");
        Close(store);
        var problem = await OpenAsync(store);
        Assert.Equal(ProblemCode.StoreUntrusted, problem?.Code);
        Assert.Contains("'.cabincrew/identities.yaml'", problem!.Message);
        Assert.Contains("git rm", problem.Remedy);

        tree.Bash("cd repo; git rm -q -r --cached .cabincrew");
        Assert.Null(await OpenAsync(store));
    }

    [Fact, Clause("APR-03")]
    public async Task A_tracked_store_is_found_from_a_worktree_a_subdirectory_and_a_split_index()
    {
        var store = Planted("repo/sub/.cabincrew/identities.yaml");
        tree.Bash("cd repo; git init -q .; git add -f .; git -c user.name=a -c user.email=a@b commit -qm x; git worktree add -q ../tree; git update-index --split-index");
        Close(store);
        Assert.Equal(ProblemCode.StoreUntrusted, (await OpenAsync(store))?.Code);
        Close(tree["tree/sub/.cabincrew"]);
        Assert.Equal(ProblemCode.StoreUntrusted, (await OpenAsync(tree["tree/sub/.cabincrew"]))?.Code);
    }

    [Fact]
    public void An_index_that_cannot_be_parsed_makes_the_answer_stricter()
    {
        Planted();
        Directory.CreateDirectory(tree["repo/.git"]);
        tree.File("repo/.git/index", "DIRC, or so; .cabincrew/state.db");
        Assert.Equal(".cabincrew", GitIndex.TrackedAt(tree["repo/.cabincrew"]));
        tree.File("repo/.git/index", Encoding.ASCII.GetBytes("DIRC\0\0\0\u0002\u007f\u007f\u007f\u007f"));
        Assert.Null(GitIndex.TrackedAt(tree["repo/.cabincrew"]));
    }

    [Fact]
    public async Task A_new_store_and_one_made_by_us_are_believed()
    {
        Directory.CreateDirectory(tree["empty"], Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Null(await OpenAsync(tree["empty"]));
        Assert.Equal(Owner, File.GetUnixFileMode(tree["empty"]));
        Assert.Null(await OpenAsync(tree["empty"]));
        Assert.Null(await OpenAsync(tree["new"]));
    }

    [Theory, Clause("ENG-06")]
    [InlineData("ws/state", "", "stands inside the workspace")]
    [InlineData("ws/sub/.cabincrew", "", "stands inside the workspace")]
    [InlineData("out/.cabincrew", "  outside: [../out]\n", "may write")]
    public async Task A_store_within_reach_of_engines_is_refused(string store, string step, string why)
    {
        await using var lab = new FlightLab();
        Directory.CreateDirectory(lab.Files["out"]);
        lab.Store = lab.Files[store];
        lab.Engine("", "");
        await lab.OpenAsync();
        var started = await lab.Flights.StartAsync(lab.Workflow(step).Value, FlightLab.Rita, false, default);
        Assert.Equal(ProblemCode.StoreExposed, started.Problem?.Code);
        Assert.Contains(why, started.Problem!.Message);
    }

    [Fact, Clause("ENG-06")]
    public async Task An_engine_whose_directory_holds_the_store_is_refused()
    {
        await using var lab = new FlightLab();
        lab.Store = Path.Combine(lab.Workspace, ".cabincrew");
        lab.Engine("touch ran", "");
        lab.Files.File("ws/cabincrew-engine.json", """{"engine_id":"x","command":["./engine.sh"]}""");
        await lab.OpenAsync();
        var definition = lab.Workflow().Value;
        var report = await lab.FlyAsync(definition with { Steps = [definition.Steps[0] with { Engine = "./" }] });
        Assert.Equal(ProblemCode.StoreExposed, report.Problem?.Code);
    }
}
