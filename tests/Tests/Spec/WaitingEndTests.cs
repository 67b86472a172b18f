// ENG-06, ORC-05: an engine starts at the orchestrator's word alone. Its death closes every pipe that it held, and that must not be taken for the word.
using CabinCrew.Orchestrator.Engines.Processes;

namespace CabinCrew.Tests.Spec;

public sealed class WaitingEndTests
{
    private const int BlockFd = 6;

    [Theory, Clause("ORC-05")]
    [InlineData(true), InlineData(false)]
    public async Task A_child_that_waits_for_a_word_waits_on_when_nobody_is_left_to_give_it(bool said)
    {
        // As bubblewrap does: one read, whatever it gives.
        using var pipe = Pipe.Create();
        using (var waiting = pipe.WaitingEnd())
        {
            var started = Orchestrator.Engines.Processes.Spawn.Start(new("/bin/sh", ["-c", $"dd bs=1 count=1 <&{BlockFd} >/dev/null 2>&1; exit 7"], ["PATH=/usr/bin:/bin"], [(waiting, BlockFd)]));
            using var child = started.Value;
            waiting.Dispose();
            pipe.Reader.Dispose();
            if (said) Say(pipe);
            pipe.Writer.Dispose();
            var ended = Task.Run(child.Wait);
            var inTime = await Task.WhenAny(ended, Task.Delay(said ? TimeSpan.FromSeconds(30) : TimeSpan.FromMilliseconds(700))) == ended;
            Assert.Equal(said, inTime);
            if (!said) child.Kill();
            Assert.Equal(said ? 7 : 137, await ended);
        }
    }

    private static unsafe void Say(Pipe pipe)
    {
        byte word = 1;
        Assert.Equal(1, SpawnNative.Write((int)pipe.Writer.DangerousGetHandle(), &word, 1));
    }
}
