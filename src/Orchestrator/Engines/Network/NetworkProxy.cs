// The only way out of a sandbox that has one: a listening socket inside, this behind it. Serves one run, and ends with it.
using System.Net.Sockets;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class NetworkProxy : IDisposable
{
    public const int Port = 3128;
    private const int EndMilliseconds = 5000;

    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim places;
    private readonly Lock gate = new();
    private readonly HashSet<Task> connections = [];
    private Socket? listener;
    private Task accepting = Task.CompletedTask;

    public NetworkProxy(NetworkGrant grant, EngineMode mode)
    {
        (Grant, Mode) = (grant, mode);
        Certificates = new(grant.Clock.GetUtcNow());
        Recorder = new(grant.Redactor, grant.Limits);
        Rules = new(mode);
        Replay = grant.Replay is { } log ? new(log) : null;
        Upstream = Replay is null ? new(grant.Rules, grant.World, grant.Limits) : null;
        places = new(grant.Limits.Connections);
    }

    public NetworkGrant Grant { get; }
    public EngineMode Mode { get; }
    public RunAuthority Certificates { get; }
    public NetworkRecorder Recorder { get; }
    public RequestRules Rules { get; }
    public NetworkReplay? Replay { get; }
    /// <summary>Null in a replay: then there is nothing that could reach the network.</summary>
    public Upstream? Upstream { get; }

    /// <param name="listening">Ours from here on.</param>
    public void Start(Socket listening)
    {
        listener = listening;
        accepting = Task.Run(AcceptAsync);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await places.WaitAsync(stop.Token).ConfigureAwait(false);
                var client = await listener!.AcceptAsync(stop.Token).ConfigureAwait(false);
                var connection = Task.Run(() => ServeAsync(client));
                lock (gate) connections.Add(connection);
                _ = connection.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The run has ended, or its network with it.
        }
    }

    private void Forget(Task connection)
    {
        lock (gate) connections.Remove(connection);
        places.Release();
    }

    private async Task ServeAsync(Socket client)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        try
        {
            client.NoDelay = true;
            await new ProxyConnection(this, stream).RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The engine hung up, or the run ended: nobody is left to answer.
        }
    }

    /// <summary>Cuts what is still open, and gives the record of all of it.</summary>
    public NetworkLog Stop()
    {
        stop.Cancel();
        listener?.Dispose();
        Task[] open;
        lock (gate) open = [.. connections, accepting];
        Task.WhenAll(open).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default).Wait(EndMilliseconds);
        return Recorder.Log();
    }

    public void Dispose()
    {
        stop.Cancel();
        listener?.Dispose();
        Upstream?.Dispose();
        Certificates.Dispose();
    }
}
