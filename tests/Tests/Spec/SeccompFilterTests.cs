// The system call filter, read by a small machine of our own as the kernel reads it.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines.Sandbox;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class SeccompFilterTests
{
    private static readonly byte[] X64 = SeccompFilter.Assemble(Architecture.X64, network: false)!;
    private static readonly byte[] Arm64 = SeccompFilter.Assemble(Architecture.Arm64, network: false)!;

    private static uint Ask(byte[] program, uint arch, long number, params ulong[] arguments)
    {
        var data = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(data, (uint)number);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4), arch);
        for (var i = 0; i < arguments.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16 + 8 * i), arguments[i]);
        uint a = 0;
        for (var at = 0; ; at++)
        {
            var i = program.AsSpan(at * 8, 8);
            var value = BinaryPrimitives.ReadUInt32LittleEndian(i[4..]);
            switch (BinaryPrimitives.ReadUInt16LittleEndian(i))
            {
                case 0x20: a = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)value)); break;
                case 0x15: at += a == value ? i[2] : i[3]; break;
                case 0x25: at += a > value ? i[2] : i[3]; break;
                case 0x45: at += (a & value) != 0 ? i[2] : i[3]; break;
                case 0x06: return value;
                default: throw new InvalidDataException("an instruction that the filter has no need of");
            }
        }
    }

    private static uint Ask(long number, params ulong[] arguments) => Ask(X64, SeccompFilter.ArchX64, number, arguments);

    [Fact, Clause("ENG-06")]
    public void every_listed_call_gets_its_answer_on_both_architectures()
    {
        foreach (var (program, arch, number) in ((byte[], uint, Func<SystemCall, int>)[])[(X64, SeccompFilter.ArchX64, c => c.X64), (Arm64, SeccompFilter.ArchArm64, c => c.Arm64)])
        {
            foreach (var call in SystemCalls.Forbidden.Where(c => number(c) >= 0)) Assert.True(Ask(program, arch, number(call)) == SeccompFilter.PermissionDenied, call.Name);
            foreach (var call in SystemCalls.Absent) Assert.True(Ask(program, arch, number(call)) == SeccompFilter.NoSuchCall, call.Name);
        }
    }

    [Fact]
    public void ordinary_calls_pass()
    {
        // read, write, open, mmap, execve, wait4, openat, futex, epoll_wait, getrandom, statx, faccessat2
        foreach (var number in (int[])[0, 1, 2, 9, 59, 61, 257, 202, 232, 318, 332, 439]) Assert.Equal(SeccompFilter.Allow, Ask(number));
    }

    [Theory, Clause("ENG-06")]
    [InlineData(463)]
    [InlineData(1000)]
    [InlineData(0x3fffffff)]
    public void a_call_that_nobody_has_reviewed_does_not_exist(long number) => Assert.Equal(SeccompFilter.NoSuchCall, Ask(number));

    [Fact, Clause("ENG-06")]
    public void another_architecture_or_calling_convention_is_the_end_of_the_process()
    {
        Assert.Equal(SeccompFilter.KillProcess, Ask(X64, 0x40000003, 1));
        Assert.Equal(SeccompFilter.KillProcess, Ask(X64, SeccompFilter.ArchArm64, 1));
        Assert.Equal(SeccompFilter.KillProcess, Ask(0x40000000 | 1));
        Assert.Equal(SeccompFilter.KillProcess, Ask(0xffffffff));
    }

    [Theory, Clause("ENG-06")]
    [InlineData(0x00020000UL)]
    [InlineData(0x02000000UL)]
    [InlineData(0x04000000UL)]
    [InlineData(0x08000000UL)]
    [InlineData(0x10000000UL)]
    [InlineData(0x20000000UL)]
    [InlineData(0x40000000UL)]
    public void clone_makes_no_namespace(ulong flag)
    {
        Assert.Equal(SeccompFilter.PermissionDenied, Ask(56, flag | 17));
        // A thread: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID.
        Assert.Equal(SeccompFilter.Allow, Ask(56, 0x3d0f00));
        Assert.Equal(SeccompFilter.Allow, Ask(56, 17));
    }

    [Theory, Clause("ENG-06")]
    [InlineData(0x5412UL)]
    [InlineData(0x541CUL)]
    public void no_terminal_is_typed_into_however_the_request_is_dressed_up(ulong request)
    {
        Assert.Equal(SeccompFilter.PermissionDenied, Ask(16, 0, request));
        Assert.Equal(SeccompFilter.PermissionDenied, Ask(16, 0, request | 0xdeadbeef_00000000));
        Assert.Equal(SeccompFilter.Allow, Ask(16, 0, 0x5413));
    }

    [Fact, Clause("ENG-06")]
    public void sockets_are_of_the_ordinary_families_only()
    {
        foreach (var family in (ulong[])[1, 2, 10]) Assert.Equal(SeccompFilter.Allow, Ask(41, family, 1, 0));
        Assert.Equal(SeccompFilter.Allow, Ask(41, 16, 3, 0));
        Assert.Equal(SeccompFilter.NoSuchFamily, Ask(41, 16, 3, 12));
        foreach (var family in (ulong[])[0, 3, 15, 17, 29, 31, 38, 40, 44, 1000]) Assert.True(Ask(41, family, 1, 0) == SeccompFilter.NoSuchFamily, $"family {family}");
        var network = SeccompFilter.Assemble(Architecture.X64, network: true)!;
        Assert.Equal(SeccompFilter.NoSuchFamily, Ask(network, SeccompFilter.ArchX64, 41, 1, 1, 0));
        foreach (var family in (ulong[])[2, 10]) Assert.Equal(SeccompFilter.Allow, Ask(network, SeccompFilter.ArchX64, 41, family, 1, 0));
    }

    [Fact, Clause("ENG-06")]
    public void no_lease_is_taken_on_a_file_and_no_huge_page_of_the_machine_s_reserve()
    {
        Assert.Equal(SeccompFilter.PermissionDenied, Ask(72, 3, 1024, 0));
        Assert.Equal(SeccompFilter.PermissionDenied, Ask(72, 3, 1024 | 0xdeadbeef_00000000, 0));
        // F_SETLK, F_DUPFD_CLOEXEC
        foreach (var command in (ulong[])[6, 1030]) Assert.Equal(SeccompFilter.Allow, Ask(72, 3, command, 0));
        Assert.Equal(SeccompFilter.NoMemory, Ask(9, 0, 4096, 3, 0x40021, 0, 0));
        Assert.Equal(SeccompFilter.Allow, Ask(9, 0, 4096, 3, 0x22, 0, 0));
    }

    [Fact]
    public void personality_is_linux_or_a_question()
    {
        Assert.Equal(SeccompFilter.Allow, Ask(135, 0));
        Assert.Equal(SeccompFilter.Allow, Ask(135, 0xffffffff));
        Assert.Equal(SeccompFilter.PermissionDenied, Ask(135, 0x0400000));
    }

    [Fact]
    public void no_number_is_named_twice_and_an_unknown_architecture_has_no_filter()
    {
        IReadOnlyList<SystemCall> all = [.. SystemCalls.Forbidden, .. SystemCalls.Absent, SystemCalls.Clone, SystemCalls.Ioctl, SystemCalls.Socket, SystemCalls.Personality, SystemCalls.FileControl, SystemCalls.MemoryMap];
        foreach (var numbers in (IEnumerable<int>[])[all.Select(c => c.X64), all.Select(c => c.Arm64)])
            Assert.Empty(numbers.Where(n => n >= 0).GroupBy(n => n).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.Equal(all.Count, all.Select(c => c.Name).Distinct().Count());
        Assert.Null(SeccompFilter.Assemble(Architecture.S390x, network: false));
    }
}
