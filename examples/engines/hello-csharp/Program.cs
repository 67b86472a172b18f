// The hello engine in C#: writes GREETING in the workspace. The SDK does the rest of the protocol.
using System.Text;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;

return await new Hello().RunAsync(args);

internal sealed class Hello : Engine
{
    public override string Id => "hello-csharp";

    protected override Task<Outcome<Done>> PlanAsync(FlightPlan plan, CancellationToken ct)
    {
        var settings = Settings.Of(plan.Config);
        var text = settings.Text("text") ?? "Hello from CabinCrew.";
        if (!settings.Check().Try(out _, out var problem)) return Task.FromResult<Outcome<Done>>(problem);
        plan.DeclareChanges("greeting", [plan.Write("GREETING", Encoding.UTF8.GetBytes(text + "\n"))]);
        return Task.FromResult(Done.Ok);
    }

    protected override Task<Outcome<Done>> TakeOffAsync(TakeOff takeOff, CancellationToken ct) => Task.FromResult(takeOff.ApplyPatch("greeting"));
}
