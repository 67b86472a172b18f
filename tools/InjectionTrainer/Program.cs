// Trains the injection classifier from texts that are not in the repository, says how well it does on sources that it did not learn from, and writes the bundle. Usage: eng/train-injection
// --data DIR --out DIR [--seed N] [--no-evaluation]. The same data and seed give the same bytes on the same machine.
using CabinCrew.InjectionTrainer;

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

var clock = System.Diagnostics.Stopwatch.StartNew();
var train = Corpus.Read(Path.Combine(data, "train.jsonl"));
var dev = Corpus.Read(Path.Combine(data, "benign_dev.jsonl"));
Console.WriteLine($"{train.Count} texts to learn from, {dev.Count} ordinary ones for the threshold; read in {clock.Elapsed.TotalSeconds:F1} s");
if (evaluates) Evaluation.LeaveOut(train, dev, Experiment(), seed, Console.WriteLine);
Console.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s");
return 0;

static Settings Experiment()
{
    var s = new Settings();
    float F(string n, float d) => Environment.GetEnvironmentVariable(n) is { } v ? float.Parse(v, System.Globalization.CultureInfo.InvariantCulture) : d;
    return s with { Epochs = (int)F("EPOCHS", s.Epochs), Rate = F("RATE", s.Rate), Decay = F("DECAY", s.Decay), Drop = F("DROP", s.Drop), Attack = F("ATTACK", s.Attack), Natural = F("NATURAL", s.Natural) };
}

static int Usage()
{
    Console.Error.WriteLine("usage: eng/train-injection --data DIR --out DIR [--seed N] [--no-evaluation]");
    return 2;
}
