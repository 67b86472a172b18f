// Made-up patches against git itself: whatever we take, git takes in the same way, or refuses; it never makes another tree of it (ENG-09).
namespace CabinCrew.Tests.Fuzz;

public sealed class PatchOracleTests
{
    private const int Short = 60;

    [Fact, Clause("ENG-09")]
    public void What_we_take_git_never_takes_for_something_else() => Compare(Short);

    [Fact(Explicit = true)]
    public void What_we_take_git_never_takes_for_something_else_for_long() => Compare(5000);

    private static void Compare(int patches)
    {
        var root = Directory.CreateTempSubdirectory("cabincrew-oracle-").FullName;
        try
        {
            var random = new Random(Fuzzer.Seed);
            var target = PatchTarget.Target;
            var mutator = new Mutator(random, target);
            List<byte[]> pool = [.. target.Seeds, .. target.Kept.Select(k => k.Bytes)];
            var ways = new HashSet<string>(StringComparer.Ordinal);
            var (agreed, compared) = (0, 0);
            foreach (var (name, kept) in target.Kept) Agrees(kept, Path.Combine(root, name), name);
            // A patch that goes a way of its own is worth git's time, and so is one in ten of the others that we take: which are few.
            for (var tried = 0; compared < patches && tried < patches * 4000; tried++)
            {
                var input = mutator.Next(pool[random.Next(pool.Count)], pool[random.Next(pool.Count)]);
                if (input.Length > 20_000) continue;
                var way = target.Try(input);
                if (!ways.Add(way) && (random.Next(10) > 0 || !way.StartsWith("good", StringComparison.Ordinal))) continue;
                if (pool.Count < 500) pool.Add(input);
                if (!way.StartsWith("good", StringComparison.Ordinal)) continue;
                compared++;
                if (Agrees(input, Path.Combine(root, $"{compared}"), $"seed {Fuzzer.Seed}, patch {tried}")) agreed++;
            }
            Assert.True(compared == patches && agreed > patches / 2, $"git agreed on {agreed} of {compared} only, where {patches} were to be compared");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    // False: git refuses it.
    private static bool Agrees(byte[] patch, string directory, string which)
    {
        var said = PatchTarget.Git(patch, directory);
        if (said is not null) Assert.True(said.StartsWith("git refuses", StringComparison.Ordinal), $"{which}: {said}\n{System.Text.Encoding.Latin1.GetString(patch)}\n{Convert.ToBase64String(patch)}");
        return said is null;
    }
}
