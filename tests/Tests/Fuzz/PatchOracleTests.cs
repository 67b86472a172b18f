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
            var agreed = 0;
            // A patch that goes a way of its own is worth git's time; many are needed until one does.
            for (var (tried, compared) = (0, 0); compared < patches && tried < patches * 4000; tried++)
            {
                var input = mutator.Next(pool[random.Next(pool.Count)], pool[random.Next(pool.Count)]);
                if (input.Length > 20_000) continue;
                var way = target.Try(input);
                if (!ways.Add(way) && (random.Next(200) > 0 || !way.StartsWith("good", StringComparison.Ordinal))) continue;
                if (pool.Count < 500) pool.Add(input);
                if (!way.StartsWith("good", StringComparison.Ordinal)) continue;
                compared++;
                var said = PatchTarget.Git(input, Path.Combine(root, $"{compared}"));
                if (said is null) agreed++;
                else Assert.True(said.StartsWith("git refuses", StringComparison.Ordinal), $"seed {Fuzzer.Seed}, patch {tried}: {said}\n{System.Text.Encoding.Latin1.GetString(input)}\n{Convert.ToBase64String(input)}");
            }
            Assert.True(agreed > patches / 2, $"git agreed on {agreed} of {patches} only");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
