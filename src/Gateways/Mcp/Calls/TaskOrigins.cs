// Which call began a task, so that what the task answers in the end is judged as that call's answer too, however it is fetched (2025-11-25 tasks; the tasks extension of 2026-07-28).
// Bounded: of each caller and server the last so many are known.
using System.Collections.Concurrent;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Calls;

internal sealed class TaskOrigins
{
    private const int TasksMax = 10_000;
    private readonly ConcurrentDictionary<(string Caller, string Server), Known> known = [];

    private sealed class Known
    {
        private readonly Dictionary<string, (string Method, string? Name)> byTask = new(StringComparer.Ordinal);
        private readonly Queue<string> inOrder = new();

        public void Add(string task, string method, string? name)
        {
            lock (byTask)
            {
                // Who was first keeps it: a server does not give a task to another call.
                if (!byTask.TryAdd(task, (method, name))) return;
                inOrder.Enqueue(task);
                if (inOrder.Count > TasksMax) byTask.Remove(inOrder.Dequeue());
            }
        }

        public (string Method, string? Name)? Find(string task)
        {
            lock (byTask) return byTask.TryGetValue(task, out var origin) ? origin : null;
        }
    }

    /// <summary>Takes note of a task that an answer begins.</summary>
    public void Learn(MessageSubject answer, Frame frame)
    {
        if (frame.Kind is FrameKind.Result && !IsOfTasks(answer.Method) && TaskOf(frame) is { } task) known.GetOrAdd(Key(answer), static _ => new()).Add(task, answer.Method, answer.Name);
    }

    /// <summary>What a message about a task is besides: the answer of the call that began it. Null: it holds none, or nobody knows whose.</summary>
    /// <param name="answers">The request that it answers; null: it is a notification.</param>
    public MessageSubject? AnswerOf(MessageSubject subject, Frame frame, Frame? answers)
    {
        if (subject.Direction != MessageDirection.ToCaller || !IsOfTasks(subject.Method) || TaskOf(answers ?? frame) is not { } task) return null;
        if (!known.TryGetValue(Key(subject), out var own) || own.Find(task) is not var (method, name)) return null;
        var content = subject.Method is "tasks/result" ? subject.Content : JsonParts.Member(subject.Content, "result"u8);
        return content.IsEmpty ? null : subject with { Kind = MessageKind.Response, Method = method, Name = name, Content = content };
    }

    private static bool IsOfTasks(string method) => method.StartsWith("tasks/", StringComparison.Ordinal) || method.StartsWith("notifications/tasks", StringComparison.Ordinal);

    private static string? TaskOf(Frame frame) => JsonParts.Text(frame.Task) ?? JsonParts.Text(JsonParts.Member(frame.Task, "taskId"u8));

    private static (string, string) Key(MessageSubject subject) => (subject.Caller.Key, subject.Server);
}
