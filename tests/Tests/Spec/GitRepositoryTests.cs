// Objects, histories and trees as we read them against what git itself says: loose and packed, with deltas, in both formats (ENG-09).
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-09")]
public sealed class GitRepositoryTests
{
    private static TempTree Repository(string format, string then)
    {
        var lab = new TempTree();
        lab.Bash($"""
            mkdir w; cd w; git init -q -b main --object-format={format} .; git config gc.auto 0
            for i in 1 2 3 4 5 6; do seq $i 400 > numbers; mkdir -p d/e; echo $i > d/e/f$i; printf '\000\001' > bin; git add -A; git commit -qm "c$i"; done
            git switch -qc side HEAD~3; rm -r d; echo d > d; chmod +x numbers; ln -s d l; git add -A; git commit -qm side
            git switch -q main; git merge -q --no-edit -s ours side; git tag -am t annotated; git tag tree-tag HEAD:
            {then}
            """);
        return lab;
    }

    [Theory]
    [InlineData("sha1", "true")]
    [InlineData("sha1", "git repack -q -a -d -f --depth=30 --window=30; git prune-packed; git pack-refs --all")]
    [InlineData("sha1", "git -c pack.indexVersion=1 repack -q -a -d; git repack -q -a -d -f; git prune-packed; echo more > more; git add more; git commit -qm more")]
    [InlineData("sha256", "git repack -q -a -d -f --depth=30 --window=30; git prune-packed")]
    public void Every_object_is_read_as_git_reads_it(string format, string then)
    {
        using var lab = Repository(format, then);
        using var repository = GitRepository.Open(lab["w"], []);
        var listed = lab.Bash("git -C w cat-file --batch-all-objects --batch-check").TrimEnd('\n').Split('\n').Select(l => l.Split(' ')).ToList();
        Assert.True(listed.Count > 30);
        foreach (var (id, type, size) in listed.Select(l => (l[0], l[1], int.Parse(l[2]))))
        {
            var read = repository.Read(id);
            Assert.Equal((type, (int?)size), (read?.Type, read?.Content.Length));
            Assert.Equal(id, GitObjects.IdOf(type, read!.Content, id.Length / 2));
            Assert.True(repository.Has(id) && !repository.IsNew(id));
        }
        Assert.Null(repository.Read(new string('0', listed[0][0].Length)));
        Assert.False(repository.Has(new string('f', listed[0][0].Length)));
    }

    [Fact]
    public void A_damaged_pack_gives_nothing_rather_than_something_else()
    {
        using var lab = Repository("sha1", "git repack -q -a -d -f; git prune-packed; chmod u+w .git/objects/pack/*");
        var ids = lab.Bash("git -C w rev-list --all --objects --no-object-names").TrimEnd('\n').Split('\n');
        var random = new Random(11);
        foreach (var part in (string[])["*.pack", "*.idx"])
        {
            var path = Directory.EnumerateFiles(lab["w/.git/objects/pack"], part).Single();
            var bytes = File.ReadAllBytes(path);
            for (var i = 0; i < 60; i++)
            {
                var broken = (byte[])bytes.Clone();
                broken[random.Next(8, broken.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, i % 6 == 5 ? broken[..random.Next(broken.Length)] : broken);
                using var repository = GitRepository.Open(lab["w"], []);
                foreach (var id in ids)
                    if (repository.Read(id) is { } read) Assert.Equal(id, GitObjects.IdOf(read.Type, read.Content, 20));
            }
            File.WriteAllBytes(path, bytes);
        }
    }

    [Fact]
    public void A_delta_that_leads_back_to_itself_is_an_object_that_is_not_there()
    {
        using var lab = new TempTree();
        lab.Bash("mkdir w; cd w; git init -q -b main; seq 1 400 > n; git add -A; git commit -qm 1; seq 2 400 > n; git add -A; git commit -qm 2; git config repack.usedeltabaseoffset false; git repack -q -a -d -f; git prune-packed; chmod u+w .git/objects/pack/*");
        var (path, index) = (Directory.EnumerateFiles(lab["w/.git/objects/pack"], "*.pack").Single(), Directory.EnumerateFiles(lab["w/.git/objects/pack"], "*.idx").Single());
        var delta = lab.Bash($"git -C w verify-pack -v {index}").Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).First(w => w.Length == 7);
        var bytes = File.ReadAllBytes(path);
        var at = int.Parse(delta[4]);
        while ((bytes[at++] & 0x80) != 0) { }
        Assert.Equal(delta[6], Convert.ToHexStringLower(bytes.AsSpan(at, 20)));
        Convert.FromHexString(delta[0]).CopyTo(bytes, at);
        File.WriteAllBytes(path, bytes);
        using var repository = GitRepository.Open(lab["w"], []);
        Assert.True(repository.Has(delta[0]));
        Assert.Null(repository.Read(delta[0]));
    }

    [Fact]
    public void Ancestors_are_those_that_git_names()
    {
        using var lab = Repository("sha1", "true");
        using var repository = GitRepository.Open(lab["w"], []);
        var history = new GitHistory(repository);
        var commits = lab.Bash("git -C w rev-list --all").TrimEnd('\n').Split('\n');
        foreach (var newer in commits)
        {
            var ancestors = lab.Bash($"git -C w rev-list {newer}").TrimEnd('\n').Split('\n').ToHashSet();
            foreach (var older in commits) Assert.Equal(ancestors.Contains(older), history.IsAncestor(older, history.Peel(newer)!));
        }
        Assert.Equal(lab.Bash("git -C w rev-parse main").Trim(), history.Peel(lab.Bash("git -C w rev-parse annotated").Trim())?.Id);
        Assert.Null(history.Peel(lab.Bash("git -C w rev-parse tree-tag").Trim()));
    }

    [Fact]
    public void The_difference_of_two_trees_is_a_patch_that_git_takes_for_the_same()
    {
        using var lab = Repository("sha1", "git repack -q -a -d -f; git prune-packed");
        using var repository = GitRepository.Open(lab["w"], []);
        var history = new GitHistory(repository);
        var commits = lab.Bash("git -C w rev-list --all").TrimEnd('\n').Split('\n');
        foreach (var (from, to) in commits.Zip(Enumerable.Reverse(commits)).Append((commits[0], commits[0])))
        {
            var (old, now) = (history.TreeOf(from), history.TreeOf(to));
            var patch = GitPatch.Write(history.Difference(old, now).Select(history.Write), history.Reader(old));
            File.WriteAllBytes(lab["patch"], patch);
            lab.Bash($"cd w; export GIT_INDEX_FILE=../index; git read-tree {from}; {(patch.Length > 0 ? "git apply --cached --whitespace=nowarn ../patch;" : "")} test \"$(git write-tree)\" = {now}");
        }
        Assert.Empty(history.Difference(null, null));
        Assert.Equal(lab.Bash("git -C w ls-tree -r --name-only main").TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal), history.Difference(null, history.TreeOf(lab.Bash("git -C w rev-parse main").Trim())).Select(c => c.Path));
    }

    [Fact]
    public void Alternates_and_links_are_not_followed()
    {
        using var lab = Repository("sha1", "cd ..; git clone -q --shared w shared; cp -a w linked; mv linked/.git/objects elsewhere; ln -s ../../elsewhere linked/.git/objects");
        var main = lab.Bash("git -C w rev-parse main").Trim();
        lab.Bash($"git -C shared cat-file -e {main}; git -C linked cat-file -e {main}");
        foreach (var name in (string[])["shared", "linked"])
        {
            using var repository = GitRepository.Open(lab[name], []);
            Assert.False(repository.Has(main));
            Assert.Null(repository.Read(main));
        }
    }
}
