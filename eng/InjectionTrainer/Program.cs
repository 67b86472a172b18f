// Trains the injection classifier from texts that are not in the repository, says how well it does on sources that it did not learn from, and writes the bundle. Usage: eng/train-injection
// --data DIR --out DIR [--seed N] [--no-evaluation]. The same data and seed give the same bytes on the same machine.
using System.Diagnostics;
using System.Text;
using CabinCrew.Governance.Detection.Injection;
using CabinCrew.InjectionTrainer;
using CabinCrew.Protocol;

string? data = null, output = null;
var (seed, evaluates) = (20261201UL, true);
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--no-evaluation") evaluates = false;
    else if (i + 1 == args.Length) return Usage();
    else if (args[i] == "--data") data = args[++i];
    else if (args[i] == "--out") output = args[++i];
    else if (args[i] == "--seed" && ulong.TryParse(args[++i], out seed)) { }
    else return Usage();
}
if (data is null || output is null) return Usage();

string[] names = ["train.jsonl", "benign_dev.jsonl"];
var files = names.ToDictionary(n => n, n => File.ReadAllBytes(Path.Combine(data, n)), StringComparer.Ordinal);
var (train, dev) = (Corpus.Read(files[names[0]]), Corpus.Read(files[names[1]]));
Console.WriteLine($"{train.Count} texts to learn from, {dev.Count} ordinary ones for the thresholds");

var report = new StringBuilder();
void Say(string line)
{
    Console.WriteLine(line);
    report.Append(line.TrimEnd()).Append('\n');
}

train.AddRange(Corpus.Wrapped(train).ToList());
if (evaluates) Evaluation.LeaveOut(train, dev, new(), seed, Say);
var learned = new Learner(new(), seed).Learn(train, Console.WriteLine);
Say($"ordinary texts taken for attacks, each repository by the others' limit: {Evaluation.FalseElsewhere(learned, dev)}");
var (manifest, graph) = Bundle.Make(learned, dev, train, files.ToDictionary(f => f.Key, f => Digest.Of(f.Value).Hex, StringComparer.Ordinal), seed);

var clock = Stopwatch.StartNew();
if (!InjectionModel.Read(manifest, graph).Try(out var model, out var problem))
{
    Console.Error.WriteLine(problem);
    return 1;
}
Console.WriteLine($"loaded in {clock.Elapsed.TotalMilliseconds:F1} ms; thresholds {model.Manifest.Thresholds.Likely} and {model.Manifest.Thresholds.Strong}");
clock.Restart();
foreach (var example in dev) model.Score(example.Text);
Console.WriteLine($"{clock.Elapsed.TotalMilliseconds / (dev.Sum(e => Encoding.UTF8.GetByteCount(e.Text)) / 1024.0):F4} ms a KB");

Directory.CreateDirectory(output);
File.WriteAllBytes(Path.Combine(output, InjectionModel.ManifestName), manifest);
File.WriteAllBytes(Path.Combine(output, InjectionModel.GraphName), graph);
if (evaluates) File.WriteAllText(Path.Combine(output, "evaluation.txt"), report.ToString());
return 0;

static int Usage()
{
    Console.Error.WriteLine("usage: eng/train-injection --data DIR --out DIR [--seed N] [--no-evaluation]");
    return 2;
}
