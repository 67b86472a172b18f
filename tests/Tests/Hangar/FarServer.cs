// A server of a test's own on the host's loopback, plain or with TLS: remembers every request byte for byte, answers what it is told to.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using CabinCrew.Orchestrator.Engines.Network;

namespace CabinCrew.Tests.Hangar;

internal sealed record FarRequest(string Method, string Target, string Head, byte[] Body);

internal sealed class FarServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly RunAuthority? authority;
    private readonly string tlsName;
    private readonly Func<FarRequest, byte[]> answer;

    /// <param name="answer">Gives the whole answer, head and body; the connection is closed after it.</param>
    /// <param name="authority">With one: TLS, with a certificate for <paramref name="tlsName"/>.</param>
    public FarServer(Func<FarRequest, byte[]> answer, RunAuthority? authority = null, string tlsName = "files.test")
    {
        (this.answer, this.authority, this.tlsName) = (answer, authority, tlsName);
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public ConcurrentQueue<FarRequest> Requests { get; } = new();

    public void Dispose() => listener.Dispose();

    public static byte[] Text(string body, string headers = "Content-Type: text/plain\r\n", string status = "200 OK") =>
        Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>Serves the bare repositories below a directory, as git does it.</summary>
    public static Func<FarRequest, byte[]> Git(string root) => request =>
    {
        var parts = request.Target.Split('?', 2);
        var start = new ProcessStartInfo("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("GIT_PROJECT_ROOT", root), ("GIT_HTTP_EXPORT_ALL", "1"), ("PATH_INFO", parts[0]), ("QUERY_STRING", parts.Length > 1 ? parts[1] : ""),
            ("REQUEST_METHOD", request.Method), ("CONTENT_TYPE", Header(request.Head, "Content-Type")), ("CONTENT_LENGTH", $"{request.Body.Length}"), ("HTTP_CONTENT_ENCODING", Header(request.Head, "Content-Encoding")),
            ("GIT_PROTOCOL", Header(request.Head, "Git-Protocol")), ("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*"), ("REMOTE_USER", "x") })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.BaseStream.Write(request.Body);
        process.StandardInput.Close();
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        var bytes = output.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        var head = Encoding.ASCII.GetString(bytes, 0, end);
        return [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {(Header(head, "Status") is { Length: > 0 } status ? status : "200 OK")}\r\n{head}\r\nConnection: close\r\n\r\n"), .. bytes.AsSpan(end + 4)];
    };

    public static string Header(string head, string name) =>
        head.Split("\r\n").FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim() ?? "";

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            Stream stream = client.GetStream();
            if (authority is not null)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = authority.For(new(tlsName, 443, null)) });
                stream = tls;
            }
            var received = new List<byte>();
            var head = "";
            while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                var one = new byte[1];
                if (await stream.ReadAsync(one) == 0) return;
                received.Add(one[0]);
                if (one[0] == '\n') head = Encoding.ASCII.GetString([.. received]);
            }
            var body = new byte[int.TryParse(Header(head, "Content-Length"), out var n) ? n : 0];
            await stream.ReadExactlyAsync(body);
            var line = head.Split("\r\n")[0].Split(' ');
            var request = new FarRequest(line[0], line[1], head, body);
            Requests.Enqueue(request);
            await stream.WriteAsync(answer(request));
            await stream.FlushAsync();
            if (stream is SslStream secure) await secure.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The proxy hung up; what it sent is remembered.
        }
    }
}
