// Secrets come from outside the workflow file, bounded, and a refusal never shows what was read (ENG-03).
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-03")]
public sealed class SecretReaderTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-secret-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static Task<Outcome<string>> Command(params string[] command) =>
        SecretReader.ReadAsync(new SecretSource("command", "", command), TestContext.Current.CancellationToken);

    private Task<Outcome<string>> File_with(byte[] content)
    {
        var path = Path.Combine(directory, "secret");
        File.WriteAllBytes(path, content);
        return SecretReader.ReadAsync(new SecretSource("file", path, []), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_variable_of_the_environment()
    {
        Environment.SetEnvironmentVariable("CABINCREW_TEST_SECRET_READER", "from the environment");
        var read = await SecretReader.ReadAsync(new SecretSource("env", "CABINCREW_TEST_SECRET_READER", []), TestContext.Current.CancellationToken);
        Assert.Equal("from the environment", read.Value);
        var missing = await SecretReader.ReadAsync(new SecretSource("env", "CABINCREW_TEST_NOT_THERE", []), TestContext.Current.CancellationToken);
        Assert.Equal(ProblemCode.SecretUnavailable, missing.Problem?.Code);
        Assert.Contains("CABINCREW_TEST_NOT_THERE", missing.Problem?.Message);
    }

    [Theory]
    [InlineData("s3cret\n", "s3cret")]
    [InlineData("s3cret\r\n", "s3cret")]
    [InlineData("s3cret\n\n", "s3cret\n")]
    [InlineData("s3cret", "s3cret")]
    [InlineData(" two words ", " two words ")]
    public async Task One_line_break_at_the_end_is_no_part_of_it(string content, string secret) =>
        Assert.Equal(secret, (await File_with(System.Text.Encoding.UTF8.GetBytes(content))).Value);

    [Theory]
    [InlineData(new byte[] { }, "empty")]
    [InlineData(new byte[] { 10 }, "empty")]
    [InlineData(new byte[] { 97, 98, 99 }, "shorter than 4")]
    [InlineData(new byte[] { 32, 32, 97, 32, 32 }, "shorter than 4")]
    [InlineData(new byte[] { 97, 98, 0, 99, 100 }, "NUL")]
    [InlineData(new byte[] { 97, 98, 255, 99, 100 }, "UTF-8")]
    public async Task What_cannot_be_kept_secret_or_passed_on_is_refused(byte[] content, string why)
    {
        var problem = (await File_with(content)).Problem;
        Assert.Equal(ProblemCode.SecretUnavailable, problem?.Code);
        Assert.Contains(why, problem?.Message);
    }

    [Fact]
    public async Task A_file_has_a_size_limit()
    {
        Assert.True((await File_with([.. Enumerable.Repeat((byte)'x', SecretReader.BytesMax)])).Ok);
        Assert.Equal(ProblemCode.SecretUnavailable, (await File_with([.. Enumerable.Repeat((byte)'x', SecretReader.BytesMax + 1)])).Problem?.Code);
    }

    [Fact]
    public async Task A_fifo_nobody_writes_to_is_refused_and_not_waited_for()
    {
        var path = Path.Combine(directory, "fifo");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", path)) await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        var read = SecretReader.ReadAsync(new SecretSource("file", path, []), TestContext.Current.CancellationToken);
        Assert.Equal(ProblemCode.SecretUnavailable, (await read.WaitAsync(TimeSpan.FromSeconds(5))).Problem?.Code);
    }

    [Fact]
    public async Task The_output_of_a_command() => Assert.Equal("a b $HOME", (await Command("printf", "%s\n", "a b $HOME")).Value);

    [Fact]
    public async Task A_command_that_fails_gives_nothing_and_shows_nothing_of_what_it_printed()
    {
        var problem = (await Command("sh", "-c", "echo hunter2; echo hunter2 >&2; exit 3")).Problem;
        Assert.Equal(ProblemCode.SecretUnavailable, problem?.Code);
        Assert.Contains("exit code 3", problem?.Message);
        Assert.DoesNotContain("hunter2", problem?.ToString());
    }

    [Fact]
    public async Task A_command_that_is_not_there_is_refused() =>
        Assert.Equal(ProblemCode.SecretUnavailable, (await Command("cabincrew-no-such-program")).Problem?.Code);

    [Fact]
    public async Task A_command_has_no_input_to_wait_for() => Assert.Contains("empty", (await Command("cat")).Problem?.Message);

    [Fact]
    public async Task A_command_that_prints_without_end_is_stopped() =>
        Assert.Contains("more than 65536 bytes", (await Command("yes", "secret")).Problem?.Message);

    [Fact]
    public async Task A_command_that_hangs_is_stopped_with_what_it_started()
    {
        var marker = Path.Combine(directory, "alive");
        var source = new SecretSource("command", "", ["sh", "-c", $"echo $$ > {marker}; sleep 60; echo too late"]);
        var problem = (await SecretReader.ReadAsync(source, TimeSpan.FromMilliseconds(400), TestContext.Current.CancellationToken)).Problem;
        Assert.Contains("took longer than", problem?.Message);
        var pid = (await File.ReadAllTextAsync(marker, TestContext.Current.CancellationToken)).Trim();
        for (var i = 0; i < 100 && IsRunning(pid); i++) await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.False(IsRunning(pid));

        static bool IsRunning(string pid)
        {
            try
            {
                return !File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].TrimStart().StartsWith('Z');
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
