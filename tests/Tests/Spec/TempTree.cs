// A directory of a test's own, gone afterwards; and small commands run for real.
using System.Diagnostics;
using CabinCrew.Orchestrator.Posix;
using Xunit;

namespace CabinCrew.Tests.Spec;

internal sealed class TempTree : IDisposable
{
    private readonly bool isOurs;

    public TempTree() : this(Directory.CreateTempSubdirectory("cabincrew-test-").FullName, isOurs: true)
    {
    }

    private TempTree(string root, bool isOurs) => (Root, this.isOurs) = (root, isOurs);

    public string Root { get; }

    /// <summary>One that stands already, and stays.</summary>
    public static TempTree At(string root) => new(root, isOurs: false);

    public string this[string path] => Path.Combine(Root, path);

    public TempTree File(string path, string text, bool executable = false) => File(path, System.Text.Encoding.UTF8.GetBytes(text), executable);

    public TempTree File(string path, byte[] bytes, bool executable = false)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        System.IO.File.WriteAllBytes(this[path], bytes);
        using var file = System.IO.File.OpenHandle(this[path]);
        FileCalls.SetMode(file, executable ? 0x1ED : 0x1A4);
        return this;
    }

    public TempTree Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        System.IO.File.CreateSymbolicLink(this[path], target);
        return this;
    }

    /// <summary>Runs a shell text in the root; fails the test when it fails.</summary>
    public string Bash(string script) => Run(Root, "bash", "-c", "set -e\n" + script);

    public static string Run(string directory, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        foreach (var who in new[] { "AUTHOR", "COMMITTER" })
        {
            start.Environment[$"GIT_{who}_NAME"] = "Test";
            start.Environment[$"GIT_{who}_EMAIL"] = "test@example.org";
        }
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {errors.Result}{output}");
        return output;
    }

    public void Dispose()
    {
        if (!isOurs || !Directory.Exists(Root)) return;
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Names that are not UTF-8, directories without permissions.
            Run("/", "chmod", "-R", "u+rwX", Root);
            Run("/", "rm", "-rf", "--", Root);
        }
    }
}
