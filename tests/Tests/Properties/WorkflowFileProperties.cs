// Whatever is done to a good workflow file: loading never throws, every error has a place, and what the loader takes the schema takes too.
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Tests.Golden;

namespace CabinCrew.Tests.Properties;

public sealed class WorkflowFileProperties : IDisposable
{
    private static readonly string[] Values =
        ["null", "~", "true", "0", "-1", "1", "65", "1.5", "''", "[]", "{}", "a", "A", "scan", "headers", "../x", "/", ".", "1s", "9d", "1KiB", "512GiB", "none", "take-off",
         "defaults", "patch", "[a]", "{ a: b }", "{ env: X }", "{ role: x, count: 3 }", "\"\\0\"", "x y", "body", "metadata.x"];

    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-fuzz-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void What_the_loader_takes_the_schema_takes()
    {
        Directory.CreateDirectory(Path.Combine(directory, "workspace"));
        Directory.CreateDirectory(Path.Combine(directory, "outside"));
        var good = File.ReadAllText(Path.Combine(WorkflowCorpusTests.Directory(), "good/everything.yaml"));
        var path = Path.Combine(directory, "cabincrew.yaml");
        const int Seed = 20261122;
        var random = new Random(Seed);
        var (taken, refused) = (0, 0);
        for (var round = 0; round < 500; round++)
        {
            var text = Change(good, random);
            File.WriteAllText(path, text);
            var loaded = WorkflowFile.Load(path);
            if (loaded.Ok)
            {
                taken++;
                var fits = SchemaCatalog.Validate("workflow", YamlNodes.ReadFile(path, ProblemCode.WorkflowFileInvalid).Value.ToJson());
                Assert.True(fits.Ok, $"seed {Seed}, round {round}: {fits.Problem}\n{text}");
                var snapshot = DefinitionSnapshot.Write(loaded.Value);
                Assert.Equal(snapshot.GetRawText(), DefinitionSnapshot.Write(DefinitionSnapshot.Read(snapshot).Value).GetRawText());
            }
            else
            {
                refused++;
                Assert.Contains(loaded.Problem!.Code, (ProblemCode[])[ProblemCode.WorkflowFileInvalid, ProblemCode.NotYetSupported]);
                Assert.All(loaded.Problem.Message.Split('\n'), l => Assert.Matches($@"^({System.Text.RegularExpressions.Regex.Escape(path)}:\d+:\d+: |and \d+ more$)", l));
            }
        }
        Assert.True(taken > 30 && refused > 100, $"{taken} taken, {refused} refused: the changes show nothing");
    }

    private static string Change(string good, Random random)
    {
        var lines = good.Split('\n').ToList();
        for (var times = random.Next(4) == 0 ? 2 : 1; times > 0; times--)
        {
            var at = random.Next(lines.Count);
            switch (random.Next(5))
            {
                case 0: lines.RemoveAt(at); break;
                case 1: lines.Insert(random.Next(lines.Count), lines[at]); break;
                case 2 when lines[at].Contains(": ", StringComparison.Ordinal):
                    lines[at] = lines[at][..(lines[at].IndexOf(": ", StringComparison.Ordinal) + 2)] + Values[random.Next(Values.Length)];
                    break;
                case 3 when lines[at].Length > 0:
                    var cut = random.Next(lines[at].Length);
                    lines[at] = lines[at][..cut] + (char)random.Next(32, 127) + lines[at][(cut + 1)..];
                    break;
                default:
                    var words = lines[at].Split(' ');
                    words[random.Next(words.Length)] = Values[random.Next(Values.Length)];
                    lines[at] = string.Join(' ', words);
                    break;
            }
        }
        return string.Join('\n', lines);
    }

    [Fact]
    [Clause("ORC-06")]
    public void A_graph_has_a_cycle_exactly_when_its_steps_cannot_be_ordered()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        var (cyclic, ordered) = (0, 0);
        for (var round = 0; round < 2000; round++)
        {
            var count = random.Next(1, 9);
            var ids = Enumerable.Range(0, count).Select(i => StepId.Parse($"s{i}")).ToArray();
            var needs = ids.ToDictionary(i => i, IReadOnlyList<StepId> (_) => [.. ids.Where(_ => random.Next(count * 2) < 2)]);
            var cycle = new StepGraph(needs).Cycle();
            if (cycle is null)
            {
                ordered++;
                Assert.True(CanBeOrdered(needs), $"seed {Seed}, round {round}");
                continue;
            }
            cyclic++;
            Assert.Equal(cycle[0], cycle[^1]);
            Assert.All(cycle.Zip(cycle.Skip(1)), pair => Assert.Contains(pair.Second, needs[pair.First]));
            Assert.False(CanBeOrdered(needs), $"seed {Seed}, round {round}");
        }
        Assert.True(cyclic > 100 && ordered > 100);
    }

    // The other way to find out: take away, again and again, whatever needs nothing that is left.
    private static bool CanBeOrdered(Dictionary<StepId, IReadOnlyList<StepId>> needs)
    {
        var left = needs.Keys.ToHashSet();
        while (left.RemoveWhere(s => !needs[s].Any(left.Contains)) > 0)
        {
        }
        return left.Count == 0;
    }
}
